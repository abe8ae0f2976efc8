using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Company.Forwarder._1;

/// <summary>The log platform that the lines are shipped to: its limits, its format, and the meaning of its answers.</summary>
public abstract class Destination
{
    private const int LongestShownMessage = 4096;

    /// <summary>The platform's name, for the forwarder's own log and metrics.</summary>
    public abstract string Name { get; }

    /// <summary>How much it takes at a time.</summary>
    public abstract BatchLimits Limits { get; }

    /// <summary>Whether it must have a token beside the URL. A destination that can do without uses one that is given.</summary>
    public abstract bool HasToken { get; }

    /// <summary>
    /// How old a line may be. The destination would drop an older one without a word: it is sent without its time, so that it gets the
    /// time of its arrival, and with its time in another field. Null: there is no limit.
    /// </summary>
    public virtual TimeSpan? OldestLine => null;

    /// <summary>How much of an answer is read, in bytes.</summary>
    public virtual int LongestAnswer => 64 << 10;

    /// <summary>The names under which it writes what it knows of a line: no static field may have one of them.</summary>
    public virtual IReadOnlyList<string> OwnFields => [];

    /// <summary>Writes what is the same in every entry of an event, once for all of them.</summary>
    public abstract byte[] Describe(LogSource source);

    /// <summary>Writes what stands around the entries of a body. Null: nothing does.</summary>
    public virtual Envelope? Enclose(LogSource source) => null;

    /// <summary>Writes one entry: a line with all that is known of it.</summary>
    /// <param name="body">The batch's body.</param>
    /// <param name="line">The line.</param>
    /// <param name="description">What <see cref="Describe"/> wrote.</param>
    public abstract void Write(PooledBuffer body, in LogLine line, ReadOnlySpan<byte> description);

    /// <summary>Makes the request that ships a batch.</summary>
    /// <param name="credentials">Where to, and as whom.</param>
    /// <param name="source">Where the lines come from.</param>
    public abstract HttpRequestMessage CreateRequest(Credentials credentials, LogSource source);

    /// <summary>The media type of a batch.</summary>
    public abstract string ContentType { get; }

    /// <summary>
    /// Says what an answer means. <see cref="Verdict.Delivered"/> is only for what the destination documents as success: a proxy or a login
    /// page on the way also answers 200.
    /// </summary>
    /// <param name="status">Its status.</param>
    /// <param name="body">Its body, up to <see cref="LongestAnswer"/>.</param>
    /// <param name="entries">How many entries were sent.</param>
    public abstract Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries);

    /// <summary>Writes the members that are the same in every entry: <c>"account":"…","region":"…",…</c></summary>
    protected static void WriteSource(PooledBuffer writer, LogSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        writer.Write("\"account\":"u8);
        writer.WriteString(Encoding.UTF8.GetBytes(source.Account));
        WriteMember(writer, ",\"region\":"u8, source.Region);
        WriteMember(writer, ",\"log_group\":"u8, source.LogGroup);
        WriteMember(writer, ",\"log_stream\":"u8, source.LogStream);
        WriteMember(writer, ",\"service\":"u8, source.Service);
        WriteMember(writer, ",\"stage\":"u8, source.Stage);
        WriteMember(writer, ",\"function\":"u8, source.Function);
        foreach (var (name, value) in source.Fields.Pairs)
        {
            writer.Write(",\""u8);
            writer.Write(Encoding.UTF8.GetBytes(name));
            WriteMember(writer, "\":"u8, value);
        }
    }

    /// <summary>Writes a line's own members, each with a comma before it: <c>,"level":"…","request_id":"…",…</c></summary>
    protected static void WriteFields(PooledBuffer writer, in LogLine line)
    {
        WriteMember(writer, ",\"level\":"u8, line.Level);
        WriteMember(writer, ",\"request_id\":"u8, line.RequestId);
        WriteMember(writer, ",\"trace_id\":"u8, line.TraceId);
        WriteMember(writer, ",\"event_id\":"u8, line.EventId);
        if (line.Parts > 0)
        {
            WritePart(writer, ",\"part\":\""u8, line.Part);
            WritePart(writer, ",\"parts\":\""u8, line.Parts);
        }
    }

    /// <summary>Writes a line's text as the member <c>message</c>, or a JSON line as it is.</summary>
    /// <param name="body">The batch's body.</param>
    /// <param name="line">The line.</param>
    /// <param name="json">The start of the member that a JSON line is written to: <c>,"log":</c></param>
    /// <param name="showsMessage">Whether the platform shows <c>message</c>: a JSON line's own is written there too. A long one is not sent twice.</param>
    protected static void WriteContent(PooledBuffer body, in LogLine line, ReadOnlySpan<byte> json, bool showsMessage = false)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (!line.IsJson)
        {
            body.Write(",\"message\":"u8);
            body.WriteString(line.Text);
            return;
        }
        if (showsMessage && line.Message.Length is > 0 and <= LongestShownMessage)
        {
            body.Write(",\"message\":"u8);
            body.Write(line.Message);
        }
        body.Write(json);
        body.Write(line.Text);
    }

    /// <summary>Writes the number of a part as a member whose value is text, as that of every other member is.</summary>
    protected static void WritePart(PooledBuffer writer, ReadOnlySpan<byte> start, int number)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(start);
        WriteNumber(writer, number);
        writer.Write("\""u8);
    }

    /// <summary>Writes a member, if it has a value.</summary>
    protected static void WriteMember(PooledBuffer writer, ReadOnlySpan<byte> name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            WriteMember(writer, name, Encoding.UTF8.GetBytes(value));
    }

    /// <summary>Writes a time as ISO 8601, to the millisecond.</summary>
    protected static void WriteTime(PooledBuffer writer, long milliseconds)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var time = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime;
        time.TryFormat(writer.GetSpan(32), out var written, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        writer.Advance(written);
    }

    /// <summary>Adds a header. A control character, which would end the header, is percent-encoded, and so is the percent sign.</summary>
    protected static void AddHeader(HttpRequestMessage request, string name, string value)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(value);
        request.Headers.TryAddWithoutValidation(name, IsPlain(value) ? value : string.Concat(value.Select(c => IsPlain(c) ? $"{c}" : Uri.HexEscape(c))));
    }

    /// <summary>
    /// Adds the credentials, which have no control character in them: as <c>Basic</c> if they are a user and a password with a colon
    /// between, otherwise after another word.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="token">The token, or <c>user:password</c>; empty: none.</param>
    /// <param name="scheme">The word before a token.</param>
    protected static void Authorize(HttpRequestMessage request, string token, string scheme)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(token);
        if (token.Length > 0)
            request.Headers.TryAddWithoutValidation("Authorization", token.Contains(':', StringComparison.Ordinal)
                ? $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(token))}"
                : $"{scheme} {token}");
    }

    /// <summary>The address of an endpoint: the URL itself if it ends with the endpoint's path, otherwise the path after the URL's own.</summary>
    protected static Uri Endpoint(Uri url, string path)
    {
        ArgumentNullException.ThrowIfNull(url);
        return url.AbsolutePath.TrimEnd('/').EndsWith(path, StringComparison.Ordinal) ? url : Append(url, path);
    }

    /// <summary>The address with a path after its own, which a proxy may have, and a query after its own.</summary>
    /// <param name="url">The address of the credentials.</param>
    /// <param name="path">The path, with its slash.</param>
    /// <param name="query">The query without its question mark; null: none.</param>
    protected static Uri Append(Uri url, string path, string? query = null)
    {
        ArgumentNullException.ThrowIfNull(url);
        var queries = string.Join('&', new[] { url.Query.TrimStart('?'), query }.Where(part => !string.IsNullOrEmpty(part)));
        return new Uri($"{url.GetLeftPart(UriPartial.Authority)}{url.AbsolutePath.TrimEnd('/')}{path}{(queries.Length > 0 ? "?" : "")}{queries}");
    }

    /// <summary>Whether a body has nothing in it but blanks.</summary>
    protected static bool IsEmpty(ReadOnlyMemory<byte> body) => !body.Span.ContainsAnyExcept(" \t\r\n"u8);

    /// <summary>Writes the trace id as a member, in the 32 hexadecimal digits of W3C and OpenTelemetry; <c>1-&lt;8&gt;-&lt;24&gt;</c> is X-Ray's form of them.</summary>
    protected static void WriteHexTrace(PooledBuffer writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> traceId)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (traceId.Length != RequestTrace.TraceIdLength)
            return;
        writer.Write(name);
        writer.Write("\""u8);
        writer.Write(traceId[2..10]);
        writer.Write(traceId[11..]);
        writer.Write("\""u8);
    }

    /// <summary>Reads an answer that is JSON. Null: it is none, so it is not the destination's.</summary>
    protected static JsonDocument? ReadJson(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsPlain(string text) => text.All(IsPlain);

    // C1 control characters too: Uri.HexEscape takes what Latin-1 has.
    private static bool IsPlain(char c) => c != '%' && !char.IsControl(c);

    /// <summary>Writes a number.</summary>
    protected static void WriteNumber(PooledBuffer writer, long number)
    {
        ArgumentNullException.ThrowIfNull(writer);
        Utf8Formatter.TryFormat(number, writer.GetSpan(20), out var written);
        writer.Advance(written);
    }

    /// <inheritdoc cref="WriteMember(PooledBuffer, ReadOnlySpan{byte}, string?)"/>
    protected static void WriteMember(PooledBuffer writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (value.IsEmpty)
            return;
        writer.Write(name);
        writer.WriteString(value);
    }
}
