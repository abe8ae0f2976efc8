using System.Text;
using System.Text.Json;

namespace sls_forwarder;

/// <summary>What a line tells of itself. The spans point into the line.</summary>
public ref struct LineFields
{
    private const int LongestLevel = 16;
    // Some services' request ids are longer than Lambda's; what is longer still is none, or a line that is cut would not get shorter.
    private const int LongestRequestId = 128;

    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    /// <summary>Whether the line is a JSON object that is not empty, and so can stay one.</summary>
    public bool IsJson { get; private set; }

    /// <summary>Whether Lambda wrote it, not the function: START, END, REPORT, INIT_START…, or a JSON <c>platform.*</c>.</summary>
    public bool IsPlatform { get; private set; }

    /// <summary>Whether it is the last line of its request.</summary>
    public bool EndsRequest { get; private set; }

    /// <summary>One of trace, debug, info, warn, error, fatal where the line's own word for it is known; else that word of up to 16 bytes, or empty.</summary>
    public ReadOnlySpan<byte> Level { get; private set; }

    /// <summary>The request id of up to 128 bytes, or empty.</summary>
    public ReadOnlySpan<byte> RequestId { get; private set; }

    /// <summary>The trace id, <c>1-&lt;8 hex&gt;-&lt;24 hex&gt;</c>, or empty.</summary>
    public ReadOnlySpan<byte> TraceId { get; private set; }

    /// <summary>A JSON line's <c>message</c> as it stands there, quotes included; empty if it has none that is a string.</summary>
    public ReadOnlySpan<byte> Message { get; private set; }

    /// <summary>Reads a line, JSON or text.</summary>
    /// <param name="line">Valid UTF-8.</param>
    public static LineFields Read(ReadOnlySpan<byte> line)
    {
        var fields = new LineFields();
        if (MayBeJson(line))
        {
            try
            {
                fields.ReadJson(line);
                return fields;
            }
            catch (JsonException)
            {
                // Text that starts like JSON.
            }
            fields = new LineFields();
        }
        fields.ReadText(line);
        return fields;
    }

    // An object with a member. Most text in braces is seen here, without an exception for each line.
    private static bool MayBeJson(ReadOnlySpan<byte> line)
    {
        var content = line.TrimStart(Blanks);
        return content.StartsWith("{"u8) && content[1..].TrimStart(Blanks).StartsWith("\""u8);
    }

    // AWS documents the members: "Lambda JSON log format" for each runtime, "platform.*" in the Telemetry API's schema.
    private void ReadJson(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("level"u8))
                Level = LevelOf(ReadString(ref reader));
            else if (reader.ValueTextEquals("requestId"u8) || reader.ValueTextEquals("AWSRequestId"u8) || reader.ValueTextEquals("function_request_id"u8))
                RequestId = ReadRequestId(ref reader);
            else if (reader.ValueTextEquals("traceId"u8))
                TraceId = RequestTrace.Root(ReadString(ref reader));
            else if (reader.ValueTextEquals("xray_trace_id"u8))
                TraceId = RequestTrace.At(ReadString(ref reader));
            else if (reader.ValueTextEquals("type"u8))
            {
                var type = ReadString(ref reader);
                IsPlatform = type.StartsWith("platform."u8);
                EndsRequest = type.SequenceEqual("platform.report"u8);
            }
            else if (reader.ValueTextEquals("record"u8))
                ReadRecord(ref reader);
            else if (reader.ValueTextEquals("message"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                    Message = line[(int)reader.TokenStartIndex..(int)reader.BytesConsumed];
                else
                    reader.Skip();
            }
            else
                reader.Skip();
        }
        while (reader.Read())
        {
            // Nothing may follow the object; the reader says so by throwing.
        }
        IsJson = true;
    }

    // {"requestId": "…", "tracing": {"type": "X-Amzn-Trace-Id", "value": "Root=…"}, …}
    private void ReadRecord(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("requestId"u8))
                RequestId = ReadRequestId(ref reader);
            else if (reader.ValueTextEquals("tracing"u8))
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartObject)
                {
                    reader.Skip();
                    continue;
                }
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    if (reader.ValueTextEquals("value"u8))
                        TraceId = RequestTrace.Root(ReadString(ref reader));
                    else
                        reader.Skip();
                }
            }
            else
                reader.Skip();
        }
    }

    private static ReadOnlySpan<byte> ReadRequestId(scoped ref Utf8JsonReader reader)
    {
        var id = ReadString(ref reader);
        return id.Length <= LongestRequestId ? id : default;
    }

    private static ReadOnlySpan<byte> ReadString(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped)
            return reader.ValueSpan;
        reader.Skip();
        return default;
    }

    private void ReadText(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("START RequestId: "u8) || line.StartsWith("END RequestId: "u8) || line.StartsWith("REPORT RequestId: "u8))
        {
            RequestId = RequestTrace.RequestIdAt(line[(line.IndexOf((byte)':') + 2)..]);
            IsPlatform = RequestId.Length > 0;
            EndsRequest = IsPlatform && line[0] != 'S';
        }
        else if (line.StartsWith("INIT_START "u8) || line.StartsWith("INIT_REPORT "u8) || line.StartsWith("RESTORE_START "u8)
            || line.StartsWith("RESTORE_REPORT "u8) || line.StartsWith("EXTENSION\t"u8) || line.StartsWith("TELEMETRY\t"u8))
            IsPlatform = true;
        else if (line.StartsWith("RequestId: "u8))
            RequestId = RequestTrace.RequestIdAt(line[11..]);
        else
            ReadRuntimeText(line);

        var xray = line.IndexOf("XRAY TraceId: "u8);
        TraceId = xray >= 0 ? RequestTrace.At(line[(xray + 14)..]) : RequestTrace.Root(line);
    }

    // .NET and Node: <time> TAB <request id> TAB <level> TAB <message>. Python: [<level>] TAB <time> TAB <request id> TAB <message>.
    // A timeout: <time> BLANK <request id> BLANK Task timed out after …
    private void ReadRuntimeText(ReadOnlySpan<byte> line)
    {
        if (line.Length > 0 && line[0] == '[')
        {
            var bracket = line[..Math.Min(line.Length, LongestLevel)].IndexOf((byte)']');
            if (bracket < 0)
                return;
            Level = KnownLevelOf(line[1..bracket]);
            line = line[(bracket + 1)..].TrimStart("\t"u8);
        }
        if (!StartsWithTime(line, out var rest))
            return;

        RequestId = RequestTrace.RequestIdAt(rest);
        // Node writes "undefined" in place of the request id before the first request.
        var tab = rest[..Math.Min(rest.Length, RequestTrace.RequestIdLength + 1)].IndexOf((byte)'\t');
        if (tab < 0 || Level.Length > 0)
            return;
        rest = rest[(tab + 1)..];
        var end = rest[..Math.Min(rest.Length, LongestLevel)].IndexOf((byte)'\t');
        if (end > 0)
            Level = KnownLevelOf(rest[..end]);
    }

    // 2026-11-22T13:00:00.000Z and a tab or a blank.
    private static bool StartsWithTime(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> rest)
    {
        const int length = 24;
        rest = default;
        if (line.Length <= length || line[4] != '-' || line[10] != 'T' || line[length - 1] != 'Z' || line[length] is not ((byte)'\t' or (byte)' '))
            return false;
        rest = line[(length + 1)..];
        return true;
    }

    private static ReadOnlySpan<byte> LevelOf(ReadOnlySpan<byte> word)
    {
        var known = KnownLevelOf(word);
        return known.Length > 0 || word.Length > LongestLevel ? known : word;
    }

    // The runtimes' words: .NET logs Information as JSON and info as text, Python WARNING and CRITICAL, Node and Java WARN and FATAL.
    private static ReadOnlySpan<byte> KnownLevelOf(ReadOnlySpan<byte> word)
    {
        if (Is(word, "info"u8) || Is(word, "information"u8))
            return "info"u8;
        if (Is(word, "error"u8) || Is(word, "fail"u8))
            return "error"u8;
        if (Is(word, "warn"u8) || Is(word, "warning"u8))
            return "warn"u8;
        if (Is(word, "debug"u8) || Is(word, "dbug"u8))
            return "debug"u8;
        if (Is(word, "trace"u8) || Is(word, "trce"u8))
            return "trace"u8;
        if (Is(word, "fatal"u8) || Is(word, "critical"u8) || Is(word, "crit"u8))
            return "fatal"u8;
        return default;
    }

    private static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> level) => Ascii.EqualsIgnoreCase(word, level);
}
