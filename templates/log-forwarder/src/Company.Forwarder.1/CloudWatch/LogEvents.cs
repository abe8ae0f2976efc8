namespace Company.Forwarder._1;

/// <summary>The log events of an event, one after the other.</summary>
public abstract class LogEvents : IDisposable
{
    /// <summary>The log event's id, ASCII; empty when it has none. It is gone with the next <see cref="Read"/>, like the message.</summary>
    public abstract ReadOnlySpan<byte> Id { get; }

    /// <summary>When the log event happened, in milliseconds since 1970.</summary>
    public long Timestamp { get; protected set; }

    /// <summary>The line: valid UTF-8.</summary>
    public abstract ReadOnlySpan<byte> Message { get; }

    /// <summary>Goes to the next log event.</summary>
    /// <returns>False when there are no more.</returns>
    public abstract bool Read();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back what it holds.</summary>
    protected abstract void Dispose(bool disposing);
}
