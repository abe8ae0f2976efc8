namespace Company.Forwarder._1;

/// <summary>A line to ship, or a part of it. Its spans are gone when the next line is read.</summary>
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

    /// <summary>Whether the destination would drop it for its age: see <see cref="Destination.OldestLine"/>.</summary>
    public bool IsLate { get; init; }

    /// <summary>trace, debug, info, warn, error, fatal, another word of the function's, or empty.</summary>
    public ReadOnlySpan<byte> Level { get; init; }

    /// <summary>The request it belongs to, or empty.</summary>
    public ReadOnlySpan<byte> RequestId { get; init; }

    /// <summary>The trace it belongs to, <c>1-&lt;8 hex&gt;-&lt;24 hex&gt;</c>, or empty.</summary>
    public ReadOnlySpan<byte> TraceId { get; init; }

    /// <summary>Which part of a line that was too long this is, from 1 on.</summary>
    public int Part { get; init; }

    /// <summary>How many parts the line has; 0 when it is whole.</summary>
    public int Parts { get; init; }

    /// <summary>A part of this line. A part of a JSON object is text; the parts, joined in their order, are the object again.</summary>
    /// <param name="text">What the part holds.</param>
    /// <param name="part">Its number, from 1 on.</param>
    /// <param name="parts">How many there are.</param>
    public LogLine PartOf(ReadOnlySpan<byte> text, int part, int parts) => new()
    {
        Text = text,
        EventId = EventId,
        Timestamp = Timestamp,
        IsLate = IsLate,
        Level = Level,
        RequestId = RequestId,
        TraceId = TraceId,
        Part = part,
        Parts = parts,
    };
}
