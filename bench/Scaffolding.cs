using System.Diagnostics;
using System.Runtime.InteropServices;
using Serverless.Templates.Tests;
using static Serverless.Templates.Bench.Measure;

namespace Serverless.Templates.Bench;

/// <summary>How long <c>dotnet new</c> takes for each template, beside <c>dotnet new console</c>.</summary>
internal static class Scaffolding
{
    private const int Turns = 9;
    private const int OfChildren = -1;

    public static async Task RunAsync(Report report)
    {
        var processor = Enumerable.Range(0, Template.All.Count + 1).Select(_ => new List<double>()).ToArray();
        var wall = await InTurnsAsync(Turns, [() => TimeAsync(processor[0], "console", "--no-restore"), .. Template.All.Select<Template, Func<Task<double>>>((template, i) => () => TimeAsync(processor[i + 1], template.ShortName))]);
        var (console, consoleProcessor) = (Median(wall[0]), Median(processor[0]));
        report.Add(
            "dotnet new",
            Text($"One command, medians of {Turns}. `dotnet new console --no-restore` takes {console:0} ms, and {consoleProcessor:0} ms of processor time."),
            ["template", "÷ console", "ms", "processor ÷ console", "processor ms"],
            Template.All.Select((template, i) => new[] { $"`{template}`", Text($"{Median(wall[i + 1]) / console:0.00}"), Text($"{Median(wall[i + 1]):0}"), Text($"{Median(processor[i + 1]) / consoleProcessor:0.00}"), Text($"{Median(processor[i + 1]):0}") }));
    }

    private static async Task<double> TimeAsync(List<double> processor, string shortName, params string[] options)
    {
        var folder = TestRun.NewFolder("scaffolding");
        return await TemplateHive.UseAsync(async engine =>
        {
            var before = ProcessorTimeOfChildren();
            var watch = Stopwatch.StartNew();
            (await engine.NewInProcessOfItsOwnAsync(folder, [shortName, "--name=Acme.Example", .. options, "--no-update-check"])).Succeeded();
            var taken = watch.Elapsed.TotalMilliseconds;
            processor.Add(ProcessorTimeOfChildren() - before);
            return taken;
        });
    }

    // In milliseconds, of all processes that have been started and have ended: seconds and microseconds of user and of system time come first.
    private static double ProcessorTimeOfChildren()
    {
        var usage = new long[18];
        return GetResourceUsage(OfChildren, usage) == 0
            ? (usage[0] + usage[2]) * 1000 + (usage[1] + usage[3]) / 1000.0
            : throw new InvalidOperationException("getrusage failed.");
    }

    [DllImport("libc", EntryPoint = "getrusage")]
    private static extern int GetResourceUsage(int who, [Out] long[] usage);
}
