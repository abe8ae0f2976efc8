namespace Serverless.Templates.Tests;

/// <summary>A choice of options, by name. Its text is the command line's: <c>--destination splunk --runtime aot</c>.</summary>
public sealed class Options(IReadOnlyDictionary<string, string> values)
{
    /// <summary>A value for fewer options than this is tried with every value of every other one.</summary>
    private const int MostValues = 10;

    /// <summary>None is given: every option has its default.</summary>
    public static Options Defaults { get; } = new(new Dictionary<string, string>());

    /// <summary>The values given.</summary>
    public IReadOnlyDictionary<string, string> Values => values;

    /// <summary>What stands on the command line. The equals sign lets a value begin with a dash.</summary>
    public IEnumerable<string> Arguments => values.Select(value => $"--{value.Key}={value.Value}");

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
    /// Few combinations in which every two values of different options meet. Of an option with many values, such as the region,
    /// only the default and the last take part. The first combination is the default.
    /// </summary>
    public static IReadOnlyList<Options> Pairs(Template template)
    {
        var options = template.Options.Where(option => option.Choices.Count > 1).Select(option => (option.Name, Values: Few(option))).ToList();
        var all = options.Aggregate(
            new List<string[]> { Array.Empty<string>() },
            (rows, option) => [.. rows.SelectMany(row => option.Values.Select(value => (string[])[.. row, value]))]);
        var open = all.SelectMany(Meetings).ToHashSet();
        var chosen = new List<string[]>();
        while (open.Count > 0)
        {
            // The first row of the product is the default.
            var next = chosen.Count == 0 ? all[0] : all.MaxBy(row => Meetings(row).Count(open.Contains))!;
            open.ExceptWith(Meetings(next));
            chosen.Add(next);
        }
        return [.. chosen.Select(row => new Options(options.Select((option, i) => (option.Name, row[i])).ToDictionary()))];
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', values.Select(value => $"--{value.Key} {value.Value}"));

    private static List<string> Few(TemplateOption option)
    {
        List<string> values = [option.Default, .. option.Choices.Where(value => value != option.Default)];
        return values.Count < MostValues ? values : [values[0], values[^1]];
    }

    private static IEnumerable<(int, string, int, string)> Meetings(string[] row) =>
        from i in Enumerable.Range(0, row.Length)
        from j in Enumerable.Range(i + 1, row.Length - i - 1)
        select (i, row[i], j, row[j]);
}
