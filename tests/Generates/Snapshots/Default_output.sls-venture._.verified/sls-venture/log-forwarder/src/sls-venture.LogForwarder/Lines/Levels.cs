using System.Buffers.Text;
using System.Text;

namespace sls_venture.LogForwarder;

/// <summary>
/// What the common loggers call a level, in one table. Each word and number becomes one of six:
/// trace, debug, info, warn, error, fatal.
/// </summary>
/// <remarks>
/// Sources: Microsoft.Extensions.Logging (<c>LogLevel</c> and the console's trce … crit), Serilog (<c>LogEventLevel</c>), NLog,
/// log4j, <c>java.util.logging.Level</c>, Python's logging, Ruby's Logger, npm's levels (winston), pino and bunyan (numbers from 10
/// to 60), Go's slog, zap and zerolog, Google Cloud's <c>LogSeverity</c>, RFC 5424 for syslog's words and numbers, which GELF uses
/// too, and OpenTelemetry's <c>SeverityNumber</c>. "verbose" is Serilog's lowest level; winston's lies between info and debug.
/// </remarks>
public static class Levels
{
    /// <summary>The longest word that is taken for a level although no table has it, in bytes.</summary>
    public const int LongestWord = 16;

    // The most frequent level first.
    private static readonly Level[] Table =
    [
        new("info", "information", "informational", "notice", "log", "http", "config"),
        new("error", "err", "fail", "severe"),
        new("warn", "warning"),
        new("debug", "dbug", "fine"),
        new("trace", "trce", "verbose", "silly", "finer", "finest"),
        new("fatal", "critical", "crit", "panic", "dpanic", "alert", "emergency", "emerg"),
    ];

    /// <summary>The level that a word means; empty when it is no logger's word.</summary>
    public static ReadOnlySpan<byte> OfWord(ReadOnlySpan<byte> word)
    {
        foreach (var level in Table)
        {
            foreach (var name in level.Words)
            {
                if (Ascii.EqualsIgnoreCase(word, name))
                    return level.Name;
            }
        }
        return Utf8Parser.TryParse(word, out long number, out var consumed) && consumed == word.Length ? OfNumber(number) : default;
    }

    /// <summary>The level that a number means: syslog's 0 to 7, or pino's and bunyan's from 10 on; empty otherwise.</summary>
    public static ReadOnlySpan<byte> OfNumber(long number) => number switch
    {
        >= 0 and <= 2 or >= 60 and < 100 => "fatal"u8,
        3 or >= 50 and < 60 => "error"u8,
        4 or >= 40 and < 50 => "warn"u8,
        5 or 6 or >= 30 and < 40 => "info"u8,
        7 or >= 20 and < 30 => "debug"u8,
        >= 10 and < 20 => "trace"u8,
        _ => default,
    };

    /// <summary>The level that one of Python's numbers means: DEBUG is 10, CRITICAL 50; empty otherwise.</summary>
    public static ReadOnlySpan<byte> OfPythonNumber(long number) => number switch
    {
        >= 50 and < 100 => "fatal"u8,
        >= 40 and < 50 => "error"u8,
        >= 30 and < 40 => "warn"u8,
        >= 20 and < 30 => "info"u8,
        >= 10 and < 20 => "debug"u8,
        _ => default,
    };

    /// <summary>The level that one of OpenTelemetry's severity numbers means, 1 to 24; empty otherwise.</summary>
    public static ReadOnlySpan<byte> OfSeverityNumber(long number) => number switch
    {
        >= 1 and <= 4 => "trace"u8,
        >= 5 and <= 8 => "debug"u8,
        >= 9 and <= 12 => "info"u8,
        >= 13 and <= 16 => "warn"u8,
        >= 17 and <= 20 => "error"u8,
        >= 21 and <= 24 => "fatal"u8,
        _ => default,
    };

    private sealed class Level(string name, params string[] others)
    {
        public byte[] Name { get; } = Encoding.UTF8.GetBytes(name);

        public byte[][] Words { get; } = [.. others.Prepend(name).Select(Encoding.UTF8.GetBytes)];
    }
}
