using System.Buffers;
using System.Buffers.Text;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Company.Forwarder._1;

/// <summary>
/// Reads what CloudWatch Logs sends, log event by log event, out of its gzipped JSON: <c>{"messageType", "owner", "logGroup",
/// "logStream", "subscriptionFilters", "logEvents": [{"id", "timestamp", "message"}]}</c>. The members may come in any order
/// and others may stand between them.
/// </summary>
/// <remarks>
/// CloudWatch Logs writes each log event in one way, <c>{"id":"…","timestamp":…,"message":"…"}</c>, and <see cref="TryReadUsual"/> reads
/// that. All else, and what it does not understand, is left to <see cref="Utf8JsonReader"/>, which never knows of the log events that
/// were passed over: to it, the next one is the first of the array.
/// </remarks>
public sealed class LogEventReader : LogEvents
{
    // What a DateTimeOffset can hold: the years 1970 to 9999.
    private const long LastTimestamp = 253_402_300_799_999;

    // Longer lines are left to Utf8JsonReader, which looks at their bytes as quickly and copies them less often.
    private const int LongestUsual = 32 << 10;

    private readonly JsonTokens tokens;
    private readonly bool isPlain;
    private JsonReaderState firstEvent;
    private byte[] escaped = ArrayPool<byte>.Shared.Rent(4096);
    private int escapedLength;
    private byte[] message = ArrayPool<byte>.Shared.Rent(4096);
    private int messageLength;
    private bool isUnescaped;
    private byte[] id = ArrayPool<byte>.Shared.Rent(64);
    private int idLength;
    private bool isStarted;
    private bool isAmongEvents;
    private bool isCommaNext;

    /// <param name="gzip">The decoded <c>awslogs.data</c>.</param>
    /// <param name="isPlain">Whether <see cref="Utf8JsonReader"/> reads all of it: it can tell where in the document something is wrong.</param>
    public LogEventReader(ReadOnlyMemory<byte> gzip, bool isPlain = false)
    {
        this.isPlain = isPlain;
        var bytes = MemoryMarshal.TryGetArray(gzip, out var array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(gzip.ToArray(), writable: false);
        tokens = new JsonTokens(new GZipStream(bytes, CompressionMode.Decompress));
    }

    /// <summary><c>DATA_MESSAGE</c>, or <c>CONTROL_MESSAGE</c> for a check whether the forwarder can be reached. Like the members below, null until it has been read.</summary>
    public string? MessageType { get; private set; }

    /// <summary>The account that the log group belongs to, 12 digits.</summary>
    public string? Owner { get; private set; }

    /// <summary>The log group's name.</summary>
    public string? LogGroup { get; private set; }

    /// <summary>The log stream's name.</summary>
    public string? LogStream { get; private set; }

    /// <summary><c>ACCOUNT_LEVEL_POLICY</c> when the account's subscription policy sent the event, not a log group's own filter. Null until it has been read.</summary>
    public string? PolicyLevel { get; private set; }

    /// <summary>Whether a <c>logEvents</c> array has been found.</summary>
    public bool HasEvents { get; private set; }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Id => id.AsSpan(0, idLength);

    /// <summary>The line as it is in the JSON, with its escapes: a cheap way to look for something in it.</summary>
    public ReadOnlySpan<byte> EscapedMessage => escaped.AsSpan(0, escapedLength);

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Message
    {
        get
        {
            if (!isUnescaped)
                messageLength = JsonString.Unescape(EscapedMessage, ref message);
            isUnescaped = true;
            return message.AsSpan(0, messageLength);
        }
    }

    /// <summary>Goes to the next log event.</summary>
    /// <returns>False when there are no more; by then every member of the document has been read.</returns>
    /// <exception cref="MalformedEventException">The data is not gzip, not JSON, or not in the form above.</exception>
    public override bool Read()
    {
        try
        {
            if (isAmongEvents && !isPlain && escapedLength <= LongestUsual && (TryReadUsual() || tokens.TryFillWhenLow() && TryReadUsual()))
                return true;
            var reader = tokens.Resume();
            var found = Read(ref reader);
            tokens.Suspend(reader);
            return found;
        }
        catch (InvalidDataException e)
        {
            throw new MalformedEventException("The event's awslogs.data is not whole gzip data; expected gzipped JSON.", e);
        }
        catch (JsonException e)
        {
            throw new MalformedEventException(
                $"The event's awslogs.data is not whole JSON (line {e.LineNumber}, byte {e.BytePositionInLine}); expected what CloudWatch Logs sends to a subscription.");
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        tokens.Dispose();
        ArrayPool<byte>.Shared.Return(escaped);
        ArrayPool<byte>.Shared.Return(message);
        ArrayPool<byte>.Shared.Return(id);
        escaped = message = id = [];
    }

    // The place is before a log event, or, behind one that Utf8JsonReader has read, before the comma. If the log event is as it usually is,
    // the place after it is before the next one, or before the bracket that ends the array.
    private bool TryReadUsual()
    {
        var ahead = tokens.Ahead;
        var rest = ahead;
        if (isCommaNext && !Take(ref rest, ","u8) || !Take(ref rest, "{\"id\":\""u8))
            return false;
        var idEnd = rest.IndexOfAny(JsonString.Escaped);
        if (idEnd < 0)
            return false;
        var usualId = rest[..idEnd];
        rest = rest[idEnd..];
        if (!Take(ref rest, "\",\"timestamp\":"u8) || rest is not [>= (byte)'1' and <= (byte)'9', ..]
            || !Utf8Parser.TryParse(rest, out long timestamp, out var digits) || timestamp > LastTimestamp)
            return false;
        rest = rest[digits..];
        if (!Take(ref rest, ",\"message\":\""u8))
            return false;
        var length = JsonString.ReadRest(rest, ref message, out var written);
        if (length < 0)
            return false;
        var usualMessage = rest[..(length - 1)];
        rest = rest[length..];
        if (!Take(ref rest, "}"u8))
            return false;
        if (rest.StartsWith(",{"u8))
            rest = rest[1..];
        else if (!rest.StartsWith("]"u8))
            return false;

        Timestamp = timestamp;
        idLength = Keep(usualId, ref id);
        escapedLength = Keep(usualMessage, ref escaped);
        (messageLength, isUnescaped) = (written, true);
        tokens.PassOver(ahead.Length - rest.Length, firstEvent);
        isCommaNext = false;
        return true;
    }

    private static bool Take(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> expected)
    {
        if (!rest.StartsWith(expected))
            return false;
        rest = rest[expected.Length..];
        return true;
    }

    private bool Read(ref Utf8JsonReader reader)
    {
        if (!isStarted)
        {
            if (!tokens.Read(ref reader) || reader.TokenType != JsonTokenType.StartObject)
                throw Malformed("is not a JSON object", "an object with logEvents");
            isStarted = true;
        }

        while (tokens.Read(ref reader))
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject when isAmongEvents:
                    ReadEvent(ref reader);
                    isCommaNext = true;
                    return true;
                case JsonTokenType.EndArray when isAmongEvents:
                    isAmongEvents = false;
                    break;
                case JsonTokenType.PropertyName when !isAmongEvents:
                    ReadMember(ref reader);
                    break;
                case JsonTokenType.EndObject when !isAmongEvents:
                    break;
                default:
                    throw Malformed("has something other than objects in logEvents", "objects with id, timestamp and message");
            }
        }
        return false;
    }

    private void ReadMember(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("logEvents"u8))
        {
            tokens.Read(ref reader);
            if (reader.TokenType != JsonTokenType.StartArray)
                throw Malformed("has logEvents that are not an array", "an array");
            HasEvents = isAmongEvents = true;
            isCommaNext = false;
            firstEvent = reader.CurrentState;
        }
        else if (reader.ValueTextEquals("messageType"u8))
            MessageType = ReadText(ref reader);
        else if (reader.ValueTextEquals("owner"u8))
            Owner = ReadText(ref reader);
        else if (reader.ValueTextEquals("logGroup"u8))
            LogGroup = ReadText(ref reader);
        else if (reader.ValueTextEquals("logStream"u8))
            LogStream = ReadText(ref reader);
        else if (reader.ValueTextEquals("policyLevel"u8))
            PolicyLevel = ReadText(ref reader);
        else
            tokens.Skip(ref reader);
    }

    private void ReadEvent(ref Utf8JsonReader reader)
    {
        var hasTimestamp = false;
        var hasMessage = false;
        idLength = 0;
        while (tokens.Read(ref reader) && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("message"u8))
            {
                hasMessage = tokens.Read(ref reader) && reader.TokenType == JsonTokenType.String;
                if (hasMessage)
                    (escapedLength, isUnescaped) = (Keep(reader.ValueSpan, ref escaped), false);
            }
            else if (reader.ValueTextEquals("timestamp"u8))
            {
                hasTimestamp = tokens.Read(ref reader) && reader.TokenType == JsonTokenType.Number
                    && reader.TryGetInt64(out var timestamp) && (Timestamp = timestamp) is >= 0 and <= LastTimestamp;
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                if (tokens.Read(ref reader) && reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped)
                    idLength = Keep(reader.ValueSpan, ref id);
                else
                    tokens.Skip(ref reader);
            }
            else
                tokens.Skip(ref reader);
        }
        if (!hasTimestamp || !hasMessage)
            throw Malformed(
                hasMessage ? "has a log event without its timestamp" : "has a log event without its message",
                "a timestamp in milliseconds and a message on each");
    }

    private string? ReadText(ref Utf8JsonReader reader)
    {
        tokens.Read(ref reader);
        if (reader.TokenType != JsonTokenType.String)
        {
            tokens.Skip(ref reader);
            return null;
        }
        var length = JsonString.Unescape(reader.ValueSpan, ref message);
        return Encoding.UTF8.GetString(message, 0, length);
    }

    private static int Keep(ReadOnlySpan<byte> value, ref byte[] array)
    {
        if (array.Length < value.Length)
        {
            ArrayPool<byte>.Shared.Return(array);
            array = ArrayPool<byte>.Shared.Rent(value.Length);
        }
        value.CopyTo(array);
        return value.Length;
    }

    private static MalformedEventException Malformed(string given, string expected) =>
        new($"The JSON in the event's awslogs.data {given}; expected: {expected}.");
}
