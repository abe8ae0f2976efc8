namespace sls_forwarder;

/// <summary>A line that is to be shipped. Its spans are gone when the next line is read.</summary>
public readonly ref struct LogLine
{
    /// <summary>What was logged: valid UTF-8, without the line break at its end.</summary>
    public ReadOnlySpan<byte> Text { get; init; }

    /// <summary>Whether <see cref="Text"/> is a JSON object on one line.</summary>
    public bool IsJson { get; init; }

    /// <summary>A JSON line's own <c>message</c>, as a JSON string with its quotes; or empty.</summary>
    public ReadOnlySpan<byte> Message { get; init; }

    /// <summary>CloudWatch's id of the log event, by which a platform can tell a line that came twice; ASCII, or empty.</summary>
    public ReadOnlySpan<byte> EventId { get; init; }

    /// <summary>When it was logged, in milliseconds since 1970.</summary>
    public long Timestamp { get; init; }

    /// <summary>trace, debug, info, warn, error, fatal, another word of the function's, or empty.</summary>
    public ReadOnlySpan<byte> Level { get; init; }

    /// <summary>The request it belongs to, or empty.</summary>
    public ReadOnlySpan<byte> RequestId { get; init; }

    /// <summary>The trace it belongs to, <c>1-&lt;8 hex&gt;-&lt;24 hex&gt;</c>, or empty.</summary>
    public ReadOnlySpan<byte> TraceId { get; init; }
}
