using System.Runtime.InteropServices;
using System.Text;
using Serverless.Templates.Tests;
using static Serverless.Templates.Bench.Measure;

namespace Serverless.Templates.Bench;

/// <summary>What was measured: printed as it comes, and kept in bench/RESULTS.md when everything was measured.</summary>
internal sealed class Report
{
    private readonly StringBuilder text = new();

    /// <summary>Adds a table.</summary>
    /// <param name="title">What was measured.</param>
    /// <param name="how">How, in a sentence or two.</param>
    /// <param name="columns">Their headings, the ratio before the figures it is made of.</param>
    public void Add(string title, string how, string[] columns, IEnumerable<string[]> rows)
    {
        var table = new StringBuilder().AppendLine($"## {title}").AppendLine().AppendLine(how).AppendLine();
        table.AppendLine($"| {string.Join(" | ", columns)} |").AppendLine($"|---|{string.Concat(columns.Skip(1).Select(_ => "---:|"))}");
        foreach (var row in rows)
            table.AppendLine($"| {string.Join(" | ", row)} |");
        Console.WriteLine(table);
        text.Append(table).AppendLine();
    }

    /// <summary>Writes the file.</summary>
    public async Task SaveAsync()
    {
        var machine = Text($"{Processor()}, {Environment.ProcessorCount} processors, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:0} GB, {RuntimeInformation.OSDescription}, .NET {Environment.Version}, {DateTime.UtcNow:yyyy-MM-dd}");
        await File.WriteAllTextAsync(Repository.PathOf("bench", "RESULTS.md"), $"""
            # Measurements

            Written by `dotnet run -c Release --project bench`, see [README.md](README.md). What stands in one table was measured in turns on one machine: read the ratios, and the other figures only beside each other.

            Machine: {machine}.


            """.ReplaceLineEndings("\n") + text.ToString().ReplaceLineEndings("\n").TrimEnd() + "\n");
    }

    private static string Processor() =>
        File.Exists("/proc/cpuinfo") && File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) is { } line
            ? line[(line.IndexOf(':') + 1)..].Trim()
            : RuntimeInformation.ProcessArchitecture.ToString();
}
