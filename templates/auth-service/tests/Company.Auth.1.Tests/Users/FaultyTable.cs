using System.Text.Json.Nodes;
using Company.Auth._1.Users;
using Microsoft.AspNetCore.Http;

namespace Company.Auth._1.Tests.Users;

/// <summary>
/// The users table behind a connection that breaks when one member's row is written, which can be sent later; or once, when asked to,
/// after a team's row is written. Or one in which others are always quicker to change a team.
/// </summary>
internal sealed class FaultyTable : IAsyncDisposable
{
    private readonly HttpClient http = new();
    private readonly string tableUrl;
    private readonly string member;
    private Loopback server = null!;
    private (string Target, byte[] Body)? heldBack;

    private FaultyTable(string tableUrl, string member) => (this.tableUrl, this.member) = (tableUrl, member);

    public UsersTable Table { get; private set; } = null!;

    /// <summary>Whether the connection breaks before the next reply to a new team's row.</summary>
    public bool LosesTeamReply { get; set; }

    /// <summary>Whether every change of a team comes too late: the team has another version by then.</summary>
    public bool IsAlwaysLate { get; set; }

    /// <summary>The trace that the last request carried.</summary>
    public string? LastTrace { get; private set; }

    public static async Task<FaultyTable> OpenAsync(LocalServices services, string member)
    {
        var faulty = new FaultyTable(services.TableUrl, member);
        faulty.server = await Loopback.StartAsync(faulty.PassOnAsync);
        var settings = services.Settings;
        settings["AWS_ENDPOINT_URL_DYNAMODB"] = faulty.server.Address.ToString();
        faulty.Table = UsersTable.Open(settings.GetValueOrDefault);
        return faulty;
    }

    public async Task SendHeldBackAsync()
    {
        Assert.NotNull(heldBack);
        using var response = await SendAsync(heldBack.Value.Target, heldBack.Value.Body);
        Assert.Contains("ConditionalCheckFailed", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        Table.Dispose();
        http.Dispose();
        await server.DisposeAsync();
    }

    private async Task PassOnAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        LastTrace = context.Request.Headers[Trace.Header];
        var target = context.Request.Headers["X-Amz-Target"].ToString();
        var written = target.EndsWith(".PutItem", StringComparison.Ordinal) ? JsonNode.Parse(body.ToArray())!["Item"] : null;
        if ((string?)written?["pk"]!["S"] == $"USER#{member}")
        {
            heldBack = (target, body.ToArray());
            context.Abort();
            return;
        }

        if (IsAlwaysLate && target.EndsWith(".UpdateItem", StringComparison.Ordinal) && (string?)JsonNode.Parse(body.ToArray())!["ConditionExpression"] == "version = :version")
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            context.Response.ContentType = "application/x-amz-json-1.0";
            await context.Response.WriteAsync("""{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}""");
            return;
        }

        using var response = await SendAsync(target, body.ToArray());
        if (LosesTeamReply && (string?)written?["sk"]!["S"] == "META")
        {
            LosesTeamReply = false;
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        await context.Response.Body.WriteAsync(await response.Content.ReadAsByteArrayAsync());
    }

    private Task<HttpResponseMessage> SendAsync(string target, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, tableUrl) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/x-amz-json-1.0");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", target);
        request.Headers.TryAddWithoutValidation("X-Amz-Date", DateTime.UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'", System.Globalization.CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation(
            "Authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0");
        return http.SendAsync(request);
    }
}
