using System.Text.Json;

namespace sls_venture.LogForwarder;

/// <summary>The patterns that the lines of a log group are held against: those for all groups, and those for some.</summary>
public sealed class LogGroupPatterns
{
    private const string Setting = "LOG_GROUP_PATTERNS";
    private const string Form = """{"/aws/lambda/acme-*":{"include":"<.NET regular expression>","exclude":"<.NET regular expression>"}}""";

    private readonly LinePatterns all;
    private readonly List<(string LogGroup, LinePatterns Patterns)> some = [];

    /// <param name="all">The patterns for all log groups.</param>
    /// <param name="json">
    /// Those for some, by the log group's name, or by the start of it and a <c>*</c>; of several names that match, the first counts. Null or
    /// empty: none.
    /// </param>
    /// <exception cref="SettingException">The JSON is not of that form.</exception>
    public LogGroupPatterns(LinePatterns all, string? json = null)
    {
        ArgumentNullException.ThrowIfNull(all);
        this.all = all;
        if (string.IsNullOrEmpty(json))
            return;
        try
        {
            using var groups = JsonDocument.Parse(json);
            if (groups.RootElement.ValueKind != JsonValueKind.Object)
                throw Malformed("is not a JSON object");
            foreach (var group in groups.RootElement.EnumerateObject())
                some.Add((group.Name, Read(group)));
        }
        catch (JsonException e)
        {
            throw Malformed($"is not JSON (line {e.LineNumber}, byte {e.BytePositionInLine})");
        }
    }

    /// <summary>The patterns for a log group.</summary>
    public LinePatterns For(string logGroup)
    {
        ArgumentNullException.ThrowIfNull(logGroup);
        foreach (var (name, patterns) in some)
        {
            if (name.EndsWith('*') ? logGroup.StartsWith(name.AsSpan(0, name.Length - 1), StringComparison.Ordinal) : logGroup == name)
                return patterns;
        }
        return all;
    }

    private LinePatterns Read(JsonProperty group)
    {
        if (group.Name.Length == 0 || group.Name.AsSpan(0, group.Name.Length - 1).Contains('*'))
            throw Malformed($"has the log group \"{group.Name}\", which is empty or has a * before its end");
        if (group.Value.ValueKind != JsonValueKind.Object)
            throw Malformed($"has no object for {group.Name}");
        string? include = null;
        string? exclude = null;
        foreach (var pattern in group.Value.EnumerateObject())
        {
            var text = pattern.Value.ValueKind == JsonValueKind.String ? pattern.Value.GetString() : throw Malformed($"has a pattern for {group.Name} that is not a string");
            switch (pattern.Name)
            {
                case "include": include = text; break;
                case "exclude": exclude = text; break;
                default: throw Malformed($"has \"{pattern.Name}\" for {group.Name}");
            }
        }
        return all.And($"{Setting} for {group.Name}", include, exclude);
    }

    private static SettingException Malformed(string given) => new($"{Setting} {given}; must be of the form {Form}.");
}
