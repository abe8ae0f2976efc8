namespace Company.Forwarder._1;

/// <summary>Fields that stand on every line, such as <c>environment=production,team=orders</c>.</summary>
public sealed class StaticFields
{
    private const int LongestName = 64;
    private const int LongestValue = 256;

    // The forwarder's own, and those that a destination gives a meaning.
    private static readonly string[] Taken =
    [
        "account", "region", "log_group", "log_stream", "service", "stage", "function", "level", "request_id", "trace_id", "event_id", "part", "parts",
        "message", "log", "timestamp", "time", "event", "fields", "host", "source", "sourcetype", "index", "type", "logged_at",
    ];

    private StaticFields(IReadOnlyList<KeyValuePair<string, string>> pairs) => Pairs = pairs;

    /// <summary>No fields.</summary>
    public static StaticFields None { get; } = new([]);

    /// <summary>The names and values.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Pairs { get; }

    /// <summary>Reads the setting <c>STATIC_FIELDS</c>.</summary>
    /// <param name="setting"><c>key=value</c> pairs with commas between them; null or empty: none.</param>
    /// <param name="ownFields">The destination's own names, with dots where it nests them.</param>
    /// <exception cref="SettingException">A pair is not of that form, or its name is taken.</exception>
    public static StaticFields Parse(string? setting, params IReadOnlyList<string> ownFields)
    {
        if (string.IsNullOrEmpty(setting))
            return None;
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var pair in setting.Split(','))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? pair.Trim() : pair[..equals].Trim();
            var value = equals < 0 ? "" : pair[(equals + 1)..].Trim();
            if (value.Length is 0 or > LongestValue || value.Any(char.IsControl) || !IsName(name))
                throw new SettingException(
                    $"STATIC_FIELDS has the pair \"{Printable(pair)}\"; each pair must be key=value, the key of letters, digits, _, - and . starting with a letter, the value of 1 to {LongestValue} characters without a comma or a control character, such as team=orders,tier=1.");
            if (Taken.Concat(ownFields).Any(taken => IsPathTo(taken, name)))
                throw new SettingException($"STATIC_FIELDS has the key \"{name}\", which the forwarder or the destination writes itself; choose another key.");
            if (pairs.Exists(known => known.Key == name))
                throw new SettingException($"STATIC_FIELDS has the key \"{name}\" twice; keep one of them.");
            pairs.Add(new(name, value));
        }
        return new StaticFields(pairs);
    }

    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c));

    // A value under "trace" would leave no place for "trace.id".
    private static bool IsPathTo(string taken, string name) =>
        taken.StartsWith(name, StringComparison.OrdinalIgnoreCase) && (taken.Length == name.Length || taken[name.Length] == '.');

    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');
}
