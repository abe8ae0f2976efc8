using System.Buffers;
using System.Text.Json;

namespace Company.Forwarder._1;

/// <summary>
/// The tokens of a JSON document that is read from a stream, of which only the token at hand is in memory.
/// <see cref="Utf8JsonReader"/> is a <c>ref struct</c>: each caller resumes one, reads tokens, and suspends it.
/// </summary>
public sealed class JsonTokens(Stream document) : IDisposable
{
    // CloudWatch Logs takes a log event of 1 MiB at most; escaped, a character is six bytes long at most.
    private const int LongestToken = 8 << 20;

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
    private int start;
    private int end;
    private bool isComplete;
    private JsonReaderState state;

    /// <summary>What is in memory of the document from the place on that is kept.</summary>
    public ReadOnlySpan<byte> Ahead => buffer.AsSpan(start, end - start);

    /// <summary>Goes on behind some bytes of <see cref="Ahead"/> that need no reader, with a reader in this state.</summary>
    public void PassOver(int bytes, JsonReaderState next)
    {
        start += bytes;
        state = next;
    }

    /// <summary>Gets more of the document into memory if little of it is.</summary>
    /// <returns>Whether it did.</returns>
    public bool TryFillWhenLow()
    {
        // Not for each value that is at the end of much: what is there is moved to the start of the buffer.
        if (isComplete || end - start > buffer.Length / 2)
            return false;
        Fill();
        return !isComplete;
    }

    /// <summary>A reader that goes on where the last one was suspended.</summary>
    public Utf8JsonReader Resume() => new(buffer.AsSpan(start, end - start), isComplete, state);

    /// <summary>Keeps the place of a reader. What it has read is gone from then on.</summary>
    public void Suspend(in Utf8JsonReader reader)
    {
        start += (int)reader.BytesConsumed;
        state = reader.CurrentState;
    }

    /// <summary>Goes to the next token. Spans that the reader gave before are gone.</summary>
    /// <returns>False at the end of the document.</returns>
    /// <exception cref="JsonException">The document is not JSON, or ends too early.</exception>
    public bool Read(ref Utf8JsonReader reader)
    {
        while (!reader.Read())
        {
            if (isComplete)
                return false;
            Suspend(reader);
            Fill();
            reader = Resume();
        }
        return true;
    }

    /// <summary>Goes to the last token of the value at hand, however deep.</summary>
    public void Skip(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.PropertyName)
            Read(ref reader);
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return;
        for (var depth = reader.CurrentDepth; Read(ref reader) && reader.CurrentDepth > depth;)
        {
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        document.Dispose();
    }

    private void Fill()
    {
        if (end - start == buffer.Length)
        {
            if (buffer.Length >= LongestToken)
                throw new JsonException("A token is longer than a log event can be.");
            var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
            buffer.CopyTo(larger, 0);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        else if (start > 0)
        {
            Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
            end -= start;
            start = 0;
        }

        var read = document.Read(buffer, end, buffer.Length - end);
        end += read;
        isComplete = read == 0;
    }
}
