using System.Diagnostics;
using Serverless.Templates.Tests;
using static Serverless.Templates.Bench.Measure;

namespace Serverless.Templates.Bench;

/// <summary>How long <c>dotnet new</c> takes for each template, beside <c>dotnet new console</c>.</summary>
internal static class Scaffolding
{
    private const int Turns = 9;

    public static async Task RunAsync(Report report)
    {
        var values = await InTurnsAsync(Turns, [() => TimeAsync("console", "--no-restore"), .. Template.Services.Select<Template, Func<Task<double>>>(template => () => TimeAsync(template.ShortName))]);
        var console = Median(values[0]);
        report.Add(
            "dotnet new",
            Text($"Wall time of one command, medians of {Turns}. `dotnet new console --no-restore` takes {console:0} ms."),
            ["template", "÷ console", "ms"],
            Template.Services.Zip(values.Skip(1), (template, times) => new[] { $"`{template}`", Text($"{Median(times) / console:0.00}"), Text($"{Median(times):0}") }));
    }

    private static async Task<double> TimeAsync(string shortName, params string[] options)
    {
        var folder = TestRun.NewFolder("scaffolding");
        var watch = Stopwatch.StartNew();
        (await TemplateHive.UseAsync(engine => engine.NewInProcessOfItsOwnAsync(folder, [shortName, "--name=Acme.Example", .. options, "--no-update-check"]))).Succeeded();
        return watch.Elapsed.TotalMilliseconds;
    }
}
