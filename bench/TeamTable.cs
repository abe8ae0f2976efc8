using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Serverless.Templates.Bench;

/// <summary>The users table with one team, on loopback: it answers <c>getTeam</c> as DynamoDB does.</summary>
internal sealed class TeamTable : IAsyncDisposable
{
    private readonly Loopback server;

    private TeamTable(Loopback server) => this.server = server;

    /// <summary>The variables of <c>getTeam</c>.</summary>
    public Dictionary<string, string?> Variables => new()
    {
        ["_HANDLER"] = "getTeam",
        ["USERS_TABLE"] = "users",
        ["AWS_ENDPOINT_URL_DYNAMODB"] = server.Address.ToString().TrimEnd('/'),
    };

    /// <summary>Starts it.</summary>
    /// <param name="members">How many the team has.</param>
    public static async Task<TeamTable> StartAsync(int members) => new(await Loopback.StartAsync(http => AnswerAsync(http, members)));

    /// <summary>A member's request for the team.</summary>
    /// <param name="sample">The sample event of <c>hello</c>.</param>
    public static byte[] Request(string sample)
    {
        var request = JsonNode.Parse(sample)!;
        request["routeKey"] = "GET /teams/{id}";
        request["rawPath"] = "/teams/acme";
        request["pathParameters"] = new JsonObject { ["id"] = "acme" };
        return Encoding.UTF8.GetBytes(request.ToJsonString());
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => server.DisposeAsync();

    // The rows as the users table has them.
    private static async Task AnswerAsync(HttpContext http, int members)
    {
        using var body = new StreamReader(http.Request.Body);
        var request = JsonNode.Parse(await body.ReadToEndAsync())!;
        var answer = http.Request.Headers["X-Amz-Target"].ToString().EndsWith(".Query", StringComparison.Ordinal)
            ? new JsonObject { ["Items"] = new JsonArray([.. Enumerable.Range(0, Math.Min(members, (int?)request["Limit"] ?? members)).Select(Member)]) }
            : new JsonObject
            {
                ["Item"] = ((string)request["Key"]!["pk"]!["S"]!).StartsWith("USER#", StringComparison.Ordinal)
                    ? Member(0)
                    : new JsonObject { ["name"] = Text("Acme"), ["createdAt"] = Text("2026-11-22T12:00:00.000Z") },
            };
        http.Response.ContentType = "application/x-amz-json-1.0";
        await http.Response.WriteAsync(answer.ToJsonString());

        static JsonObject Text(string text) => new() { ["S"] = text };
        static JsonNode Member(int number) => new JsonObject
        {
            ["pk"] = Text($"USER#5e3c0a7c-0000-4000-8000-{number:D12}"), ["sk"] = Text("TEAM#acme"), ["role"] = Text("member"), ["extra"] = new JsonObject { ["L"] = new JsonArray() },
        };
    }
}
