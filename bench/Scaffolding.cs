using System.Diagnostics;
using Serverless.Templates.Tests;
using static Serverless.Templates.Bench.Measure;

namespace Serverless.Templates.Bench;

/// <summary>How long <c>dotnet new</c> takes for each template, beside <c>dotnet new console</c>.</summary>
internal static class Scaffolding
{
    private const int Turns = 5;

    public static async Task RunAsync()
    {
        foreach (var template in Template.Services)
        {
            var (ours, console) = await InTurnsAsync(Turns, () => TimeAsync(template.ShortName), () => TimeAsync("console", "--no-restore"));
            Say($"dotnet new {template}: {ours:0} ms, {ours / console:0.00} times as long as dotnet new console --no-restore ({console:0} ms).");
        }
    }

    private static async Task<double> TimeAsync(string shortName, params string[] options)
    {
        var folder = TestRun.NewFolder("scaffolding");
        var watch = Stopwatch.StartNew();
        (await TemplateHive.UseAsync(engine => engine.NewInProcessOfItsOwnAsync(folder, [shortName, "--name=Acme.Example", .. options, "--no-update-check"]))).Succeeded();
        return watch.Elapsed.TotalMilliseconds;
    }
}
