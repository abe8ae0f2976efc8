using System;
using System.Globalization;

namespace Amazon.Lambda.RuntimeSupport.Logging;

/// <summary>A place for an argument: <c>{Name}</c>, <c>{Name:format}</c>, or <c>{@Name}</c> for an object as JSON.</summary>
internal sealed class TemplateHole
{
    public TemplateHole(string token)
    {
        Token = token;
        var text = token[1..^1];
        AsJson = text.StartsWith('@');
        var parts = (AsJson ? text[1..] : text).Split(':', 2, StringSplitOptions.TrimEntries);
        Name = parts[0];
        Format = parts.Length > 1 && parts[1].Length > 0 ? parts[1] : null;
    }

    /// <summary>The hole as written in the template, with its braces.</summary>
    public string Token { get; }

    public string Name { get; }

    public string Format { get; }

    public bool AsJson { get; }

    public string ApplyFormat(object value)
    {
        try
        {
            return string.Format(CultureInfo.CurrentCulture, $"{{0:{Format}}}", value);
        }
        catch (FormatException)
        {
            return value.ToString();
        }
    }

    public static string Text(object value) => value switch
    {
        byte[] bytes => Hex(bytes),
        ReadOnlyMemory<byte> bytes => Hex(bytes.Span),
        Memory<byte> bytes => Hex(bytes.Span),
        DateTime time => time.ToString(LogEntry.TimeFormat, CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToString(LogEntry.TimeFormat, CultureInfo.InvariantCulture),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TimeOnly time => time.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    // Bytes are shown, not dumped.
    private static string Hex(ReadOnlySpan<byte> bytes) =>
        bytes.Length <= 16 ? Convert.ToHexString(bytes) : $"{Convert.ToHexString(bytes[..16])}... ({bytes.Length} bytes)";
}
