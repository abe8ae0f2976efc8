using System.Collections.Concurrent;

namespace Serverless.Templates.Tests;

/// <summary>
/// A choice of options, by name. Its text is the command line's: <c>--destination splunk --runtime aot</c>. Several values of one option have a bar
/// between them: <c>--destination splunk|loki</c>.
/// </summary>
public sealed class Options(IReadOnlyDictionary<string, string> values)
{
    /// <summary>An option with fewer values than this is tried with all of them.</summary>
    private const int MostValues = 10;

    private static readonly ConcurrentDictionary<string, IReadOnlyList<Options>> PairsOf = new();

    /// <summary>None is given: every option has its default.</summary>
    public static Options Defaults { get; } = new(new Dictionary<string, string>());

    /// <summary>The values given.</summary>
    public IReadOnlyDictionary<string, string> Values => values;

    /// <summary>What stands on the command line. The equals sign lets a value begin with a dash, but not be empty.</summary>
    public IEnumerable<string> Arguments =>
        values.SelectMany(value => ValuesOf(value).SelectMany(one => one.StartsWith('-') ? new[] { $"--{value.Key}={one}" } : [$"--{value.Key}", one]));

    /// <summary>The value given for an option, or its default.</summary>
    public string this[Template template, string option] =>
        values.TryGetValue(option, out var value) ? value : template.Options.Single(candidate => candidate.Name == option).Default;

    /// <summary>Reads what <see cref="ToString"/> has written.</summary>
    public static Options Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new Options(words.Chunk(2).ToDictionary(pair => pair[0][2..], pair => pair[1]));
    }

    /// <summary>
    /// Few combinations in which every value takes part, and each trigger that can run on Kubernetes does, or, if the variable <c>ALL_COMBINATIONS</c> is set, every two values of different options meet. Of an option with many values, such as the region,
    /// only the default and the last take part. The first combination is the default.
    /// </summary>
    public static IReadOnlyList<Options> Pairs(Template template) => PairsOf.GetOrAdd(template.ShortName, _ => FindPairs(template));

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', values.Select(value => $"--{value.Key} {value.Value}"));

    private static string[] ValuesOf(KeyValuePair<string, string> option) =>
        Template.All.Any(template => template.Options.Any(known => known.Name == option.Key && known.Several is not null)) ? option.Value.Split('|') : [option.Value];

    private static List<Options> FindPairs(Template template)
    {
        // A service of a venture builds in the venture only, and one without a solution of its own in that of a repository.
        var options = template.Options.Where(option => option.Choices.Count > 1 && option.Name is not ("venture" or "solution")).ToList();
        var all = options
            .Aggregate(
                new List<Dictionary<string, string>> { new() },
                (rows, option) => [.. rows.SelectMany(row => Few(option).Select(value => new Dictionary<string, string>(row) { [option.Name] = value }))])
            .Select(row => options.Where(option => option.Needs is not var (other, value) || row[other] == value).ToDictionary(option => option.Name, option => row[option.Name]))
            .DistinctBy(row => new Options(row).ToString())
            .Where(row => !IsRefused(row))
            .Select(row => (Row: row, Meetings: Meetings(row).ToHashSet()))
            .ToList();
        // Without ALL_COMBINATIONS each value takes part once, with it each pair of values: the latter takes three times as long.
        var isEach = Environment.GetEnvironmentVariable("ALL_COMBINATIONS") is { Length: > 0 };
        var open = all.SelectMany(candidate => candidate.Meetings).Where(meeting => isEach || IsOfOne(meeting) || IsOfKubernetes(meeting)).ToHashSet();
        var chosen = new List<Options>();
        while (open.Count > 0)
        {
            // The first row of the product is the default.
            var (row, meetings) = chosen.Count == 0 ? all[0] : all.MaxBy(candidate => candidate.Meetings.Count(open.Contains));
            open.ExceptWith(meetings);
            chosen.Add(new Options(row));
        }
        return chosen;
    }

    private static List<string> Few(TemplateOption option)
    {
        List<string> values = [option.Default, .. option.Choices.Where(value => value != option.Default)];
        return [.. values.Count < MostValues ? values : [values[0], values[^1]], .. option.Several is { } several ? [several] : Array.Empty<string>()];
    }

    // Such a service does not build: RefusedOptionTests holds what it says.
    private static bool IsRefused(Dictionary<string, string> row) =>
        row.TryGetValue("trigger", out var trigger)
        && (row.GetValueOrDefault("kubernetes") == "true" && trigger is not ("http" or "schedule" or "sqs") || row.GetValueOrDefault("grpc") == "true" && trigger != "http");

    // What runs on Kubernetes is another program for each trigger.
    private static bool IsOfKubernetes(string meeting) => meeting.StartsWith("kubernetes true trigger ", StringComparison.Ordinal);

    // "runtime aot runtime aot": a value meets itself.
    private static bool IsOfOne(string meeting) => meeting.Split(' ') is var words && words[0] == words[2];

    private static IEnumerable<string> Meetings(Dictionary<string, string> row) =>
        from one in row
        from other in row
        where string.CompareOrdinal(one.Key, other.Key) <= 0
        select $"{one.Key} {one.Value} {other.Key} {other.Value}";
}
