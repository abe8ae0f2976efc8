using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Company.Forwarder._1;

/// <summary>
/// Any HTTP endpoint that takes newline-delimited JSON: a line an entry, <c>{"timestamp", "account", …, "message"}</c>; a JSON line of a
/// function stands as it is under <c>log</c>.
/// </summary>
public sealed class HttpEndpoint : Destination
{
    private readonly TokenHeader? header;
    private readonly Regex answer;

    /// <param name="setting">
    /// Reads <c>HTTP_HEADER</c>, the header that the token goes in, with or without a word before it, as <c>X-Api-Key</c> or
    /// <c>Authorization: Token</c> (default: <c>Authorization: Bearer</c>, or <c>Basic</c> for a user and a password), and
    /// <c>HTTP_ANSWER</c>, a .NET regular expression for the body of a success (default: an empty body).
    /// </param>
    /// <exception cref="SettingException">One of them has another form.</exception>
    public HttpEndpoint(Func<string, string?> setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        header = TokenHeader.Parse("HTTP_HEADER", setting("HTTP_HEADER"));
        try
        {
            answer = new Regex(setting("HTTP_ANSWER") ?? @"^\s*$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new SettingException($"HTTP_ANSWER is not a regular expression that can be matched without backtracking: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public override string Name => "the HTTP endpoint";

    /// <summary>What most endpoints take.</summary>
    public override BatchLimits Limits => new(Bytes: 1_000_000, Entries: 10_000, EntryBytes: 1_000_000);

    /// <summary>The address itself may be the secret.</summary>
    public override bool HasToken => false;

    /// <inheritdoc/>
    public override string ContentType => "application/x-ndjson";

    /// <inheritdoc/>
    public override byte[] Describe(LogSource source)
    {
        using var writer = new PooledBuffer();
        WriteSource(writer, source);
        return writer.WrittenSpan.ToArray();
    }

    /// <inheritdoc/>
    public override void Write(PooledBuffer body, in LogLine line, ReadOnlySpan<byte> description)
    {
        ArgumentNullException.ThrowIfNull(body);
        body.Write("{\"timestamp\":\""u8);
        WriteTime(body, line.Timestamp);
        body.Write("\","u8);
        body.Write(description);
        WriteFields(body, line);
        WriteContent(body, line, ",\"log\":"u8);
        body.Write("}\n"u8);
    }

    /// <inheritdoc/>
    public override HttpRequestMessage CreateRequest(Credentials credentials, LogSource source)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        var request = new HttpRequestMessage(HttpMethod.Post, credentials.Url);
        if (header is null)
            Authorize(request, credentials.Token, "Bearer");
        else
            header.Add(request, credentials.Token);
        return request;
    }

    /// <inheritdoc/>
    public override Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries) => status switch
    {
        HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.Accepted or HttpStatusCode.NoContent when answer.IsMatch(Encoding.UTF8.GetString(body.Span)) =>
            new Verdict.Delivered(),
        < HttpStatusCode.MultipleChoices => new Verdict.Retry($"{(int)status}, which is not how HTTP_ANSWER says that the endpoint confirms the lines"),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Verdict.Unauthorized(),
        HttpStatusCode.RequestEntityTooLarge => new Verdict.Split(),
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new Verdict.Retry($"{(int)status}"),
        _ => new Verdict.Rejected($"{(int)status}"),
    };
}
