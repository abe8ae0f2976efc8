using System.Buffers.Text;
using System.Text;

namespace Company.Forwarder._1;

/// <summary>What a line tells about itself. The spans point into the line.</summary>
public ref struct LineFields
{
    // Some services' request ids are longer than Lambda's. What is longer than this is no request id.
    private const int LongestRequestId = 128;

    private ReadOnlySpan<byte> ownRequestId;
    private bool hasTimestamp;
    private bool hasLevel;
    private bool hasRoot;
    private bool isLevelKnown;

    private delegate ReadOnlySpan<byte> NumberedLevel(long number);

    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    /// <summary>Whether the line is a JSON object that is not empty, alone or after a runtime's text prefix.</summary>
    public bool IsJson { get; private set; }

    /// <summary>Where the JSON object starts: after the prefix, or at 0.</summary>
    public int JsonStart { get; private set; }

    /// <summary>Whether the JSON object may stand in another document, on one line, as it is; see <see cref="JsonString.MakeSafe"/>.</summary>
    public bool IsSafe { get; private set; }

    /// <summary>The time in the prefix of a JSON object, in milliseconds since 1970; null when it has none.</summary>
    public long? Time { get; private set; }

    /// <summary>Whether Lambda wrote it, not the function: START, END, REPORT, INIT_START…, or a JSON <c>platform.*</c>.</summary>
    public bool IsPlatform { get; private set; }

    /// <summary>Whether it is the first line of its request.</summary>
    public bool StartsRequest { get; private set; }

    /// <summary>Whether it is the last line of its request.</summary>
    public bool EndsRequest { get; private set; }

    /// <summary>
    /// Whether <see cref="RequestId"/> is Lambda's: the platform or the runtime wrote it. A function's own line may carry the request id
    /// of another system.
    /// </summary>
    public bool IsOfRuntime { get; private set; }

    /// <summary>Whether the runtime wrote the line as text.</summary>
    public bool IsRuntimeText { get; private set; }

    /// <summary>One of trace, debug, info, warn, error, fatal when <see cref="Levels"/> has the line's word or number for it; otherwise its word of up to 16 bytes, or empty.</summary>
    public ReadOnlySpan<byte> Level { get; private set; }

    /// <summary>The request id of up to 128 bytes, or empty.</summary>
    public ReadOnlySpan<byte> RequestId { get; private set; }

    /// <summary>The trace id, <c>1-&lt;8 hex&gt;-&lt;24 hex&gt;</c>, or empty.</summary>
    public ReadOnlySpan<byte> TraceId { get; private set; }

    /// <summary>A JSON line's <c>message</c> as it is in the line, quotes included; empty when it has none that is a string.</summary>
    public ReadOnlySpan<byte> Message { get; private set; }

    /// <summary>Reads a line, JSON or text.</summary>
    /// <param name="line">Valid UTF-8.</param>
    public static LineFields Read(ReadOnlySpan<byte> line)
    {
        if (TryReadJson(line, out var fields))
            return fields;
        fields = new LineFields();
        fields.ReadText(line, out var message);
        // The runtimes put a prefix before what a function prints, JSON or not.
        if (message > 0 && TryReadJson(line[message..], out var json))
        {
            fields.IsJson = true;
            fields.IsSafe = json.IsSafe;
            fields.JsonStart = message;
            fields.Message = json.Message;
            if (fields.Level.IsEmpty)
                fields.Level = json.Level;
            if (fields.TraceId.IsEmpty)
                fields.TraceId = json.TraceId;
        }
        else
            fields.Time = null;
        return fields;
    }

    private static bool TryReadJson(ReadOnlySpan<byte> line, out LineFields fields)
    {
        fields = new LineFields();
        if (!MayBeJson(line))
            return false;
        return fields.TryReadJson(line);
    }

    // An object with a member: most text in braces is recognized here.
    private static bool MayBeJson(ReadOnlySpan<byte> line)
    {
        var content = line.TrimStart(Blanks);
        return content.StartsWith("{"u8) && content[1..].TrimStart(Blanks).StartsWith("\""u8);
    }

    // AWS documents the members: "Lambda JSON log format" for each runtime, "platform.*" in the Telemetry API's schema.
    private bool TryReadJson(ReadOnlySpan<byte> line)
    {
        var members = new JsonMembers(line);
        var isPlatformType = false;
        var isPlatformEnd = false;
        var isPlatformStart = false;
        var hasRecord = false;
        var isCompactSerilog = false;
        ReadOnlySpan<byte> recordRequestId = default;
        ReadOnlySpan<byte> recordTraceId = default;
        ReadOnlySpan<byte> lambdaRequestId = default;
        while (members.Read())
        {
            // Names without escapes, as loggers write them.
            var name = members.Name;
            if (name.SequenceEqual("message"u8))
            {
                if (members.IsString)
                    Message = members.Value;
            }
            else if (name.SequenceEqual("timestamp"u8))
                hasTimestamp = true;
            else if (name.SequenceEqual("requestId"u8))
                ownRequestId = RequestIdOf(members);
            else if (name.SequenceEqual("AWSRequestId"u8) || name.SequenceEqual("function_request_id"u8))
                lambdaRequestId = RequestIdOf(members);
            else if (name.SequenceEqual("traceId"u8))
            {
                TraceId = RequestTrace.Root(members.PlainText);
                hasRoot = TraceId.Length > 0;
            }
            else if (name.SequenceEqual("xray_trace_id"u8))
                TraceId = RequestTrace.At(members.PlainText);
            else if (name.SequenceEqual("type"u8))
            {
                var type = members.PlainText;
                isPlatformType = type.StartsWith("platform."u8);
                isPlatformStart = type.SequenceEqual("platform.start"u8);
                isPlatformEnd = type.SequenceEqual("platform.report"u8);
            }
            else if (name.SequenceEqual("record"u8))
            {
                hasRecord = members.IsObject;
                ReadRecord(members, out recordRequestId, out recordTraceId);
            }
            else if (name.SequenceEqual("log"u8))
                ReadElasticLog(members);
            else if (name.SequenceEqual("@mt"u8) || name.SequenceEqual("@m"u8))
                isCompactSerilog = true;
            else
                ReadLevel(members);
        }
        if (!members.IsWhole)
            return false;
        IsJson = true;
        IsSafe = !members.HasLineBreak && !members.HasSurrogate;
        // Serilog's compact format leaves out the level of most lines: Information.
        if (Level.IsEmpty && isCompactSerilog)
            Level = "info"u8;

        if (isPlatformType && hasRecord)
        {
            (IsPlatform, StartsRequest, EndsRequest, IsOfRuntime) = (true, isPlatformStart, isPlatformEnd, true);
            RequestId = recordRequestId;
            TraceId = recordTraceId;
            return true;
        }
        RequestId = lambdaRequestId.Length > 0 ? lambdaRequestId : ownRequestId;
        // The runtimes' own JSON lines have these members; a function's line about the request of another system seldom has.
        IsOfRuntime = lambdaRequestId.Length > 0 || ownRequestId.Length > 0 && hasLevel && (hasTimestamp || hasRoot);
        return true;
    }

    // The names under which loggers write the level; Levels has the sources.
    private void ReadLevel(scoped in JsonMembers member)
    {
        var name = member.Name;
        if (name.Length is < 2 or > 15 || name[0] is not ((byte)'l' or (byte)'L' or (byte)'s' or (byte)'S' or (byte)'@'))
            return;
        if (name.SequenceEqual("level"u8))
        {
            hasLevel = true;
            TakeLevel(member, Levels.OfNumber);
        }
        else if (Is(name, "level"u8) || Is(name, "severity"u8) || name.SequenceEqual("@l"u8) || Is(name, "levelname"u8) || Is(name, "loglevel"u8)
            || Is(name, "log.level"u8) || Is(name, "log_level"u8) || Is(name, "lvl"u8) || Is(name, "severityText"u8) || Is(name, "severity_text"u8))
            TakeLevel(member, Levels.OfNumber);
        else if (Is(name, "severityNumber"u8) || Is(name, "severity_number"u8))
            TakeLevel(member, Levels.OfSeverityNumber);
        else if (Is(name, "levelno"u8))
            TakeLevel(member, Levels.OfPythonNumber);
    }

    // The first level that is known; as long as none is, the first word.
    private void TakeLevel(scoped in JsonMembers member, NumberedLevel ofNumber)
    {
        if (isLevelKnown)
            return;
        var word = member.PlainText;
        var level = member.IsString ? Levels.OfWord(word)
            : Utf8Parser.TryParse(member.Value, out long number, out var digits) && digits == member.Value.Length ? ofNumber(number)
            : default;
        if (level.Length > 0)
        {
            Level = level;
            isLevelKnown = true;
        }
        else if (Level.IsEmpty && word.Length <= Levels.LongestWord)
            Level = word;
    }

    // Elastic Common Schema, nested: {"log": {"level": "warn", …}}
    private void ReadElasticLog(scoped in JsonMembers log)
    {
        var members = new JsonMembers(log.Value);
        while (members.Read())
        {
            if (members.HasName("level"u8))
                TakeLevel(members, Levels.OfNumber);
        }
    }

    // {"requestId": "…", "tracing": {"type": "X-Amzn-Trace-Id", "value": "Root=…"}, …}
    private static void ReadRecord(scoped in JsonMembers record, out ReadOnlySpan<byte> requestId, out ReadOnlySpan<byte> traceId)
    {
        requestId = traceId = default;
        var members = new JsonMembers(record.Value);
        while (members.Read())
        {
            if (members.HasName("requestId"u8))
                requestId = RequestIdOf(members);
            else if (members.HasName("tracing"u8))
            {
                var tracing = new JsonMembers(members.Value);
                while (tracing.Read())
                {
                    if (tracing.HasName("value"u8))
                        traceId = RequestTrace.Root(tracing.PlainText);
                }
            }
        }
    }

    private static ReadOnlySpan<byte> RequestIdOf(scoped in JsonMembers member)
    {
        var id = member.PlainText;
        return id.Length <= LongestRequestId ? id : default;
    }

    // Tells where the function's own words start, after the runtime's prefix; 0 when there is none.
    private void ReadText(ReadOnlySpan<byte> line, out int message)
    {
        message = 0;
        if (line.StartsWith("START RequestId: "u8) || line.StartsWith("END RequestId: "u8) || line.StartsWith("REPORT RequestId: "u8))
        {
            RequestId = RequestTrace.RequestIdAt(line[(line.IndexOf((byte)':') + 2)..]);
            IsPlatform = IsOfRuntime = RequestId.Length > 0;
            StartsRequest = IsPlatform && line[0] == 'S';
            EndsRequest = IsPlatform && line[0] != 'S';
        }
        else if (line.StartsWith("INIT_START "u8) || line.StartsWith("INIT_REPORT "u8) || line.StartsWith("RESTORE_START "u8)
            || line.StartsWith("RESTORE_REPORT "u8) || line.StartsWith("EXTENSION\t"u8) || line.StartsWith("TELEMETRY\t"u8))
            IsPlatform = true;
        else if (line.StartsWith("RequestId: "u8))
        {
            RequestId = RequestTrace.RequestIdAt(line[11..]);
            IsOfRuntime = RequestId.Length > 0;
        }
        else
            ReadRuntimeText(line, out message);
        IsRuntimeText = IsPlatform || IsOfRuntime;

        var xray = line.IndexOf("XRAY TraceId: "u8);
        TraceId = xray >= 0 ? RequestTrace.At(line[(xray + 14)..]) : RequestTrace.Root(line);
    }

    // .NET and Node: <time> TAB <request id> TAB <level> TAB <message>. Python: [<level>] TAB <time> TAB <request id> TAB <message>.
    // A timeout: <time> BLANK <request id> BLANK Task timed out after …
    private void ReadRuntimeText(ReadOnlySpan<byte> line, out int message)
    {
        message = 0;
        var rest = line;
        if (line.Length > 0 && line[0] == '[')
        {
            var bracket = line[..Math.Min(line.Length, Levels.LongestWord)].IndexOf((byte)']');
            if (bracket < 0)
                return;
            Level = Levels.OfWord(line[1..bracket]);
            rest = line[(bracket + 1)..].TrimStart("\t"u8);
        }
        var isPython = Level.Length > 0;
        if (!RuntimeTime.TryRead(ref rest, out var time))
            return;

        RequestId = RequestTrace.RequestIdAt(rest);
        IsOfRuntime = RequestId.Length > 0;
        Time = time;
        // Node writes "undefined" in place of the request id before the first request.
        var tab = rest[..Math.Min(rest.Length, RequestTrace.RequestIdLength + 1)].IndexOf((byte)'\t');
        if (tab < 0)
            return;
        rest = rest[(tab + 1)..];
        if (!isPython)
        {
            var end = rest[..Math.Min(rest.Length, Levels.LongestWord)].IndexOf((byte)'\t');
            if (end <= 0)
                return;
            Level = Levels.OfWord(rest[..end]);
            rest = rest[(end + 1)..];
        }
        message = line.Length - rest.Length;
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> expected) => Ascii.EqualsIgnoreCase(name, expected);
}
