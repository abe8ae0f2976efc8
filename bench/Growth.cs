using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Serverless.Templates.Tests;
using static Serverless.Templates.Bench.Measure;

namespace Serverless.Templates.Bench;

/// <summary>How the processor time of an event grows with what the functions of <c>sls-auth</c> look through.</summary>
internal static class Growth
{
    private const int Turns = 5;
    // The system counts a process's time in hundredths of a second.
    private const int EventsPerTurn = 500;

    public static async Task RunAsync(Report report)
    {
        var auth = await PublishedService.ShareAsync(Template.Named("sls-auth"), "aot");
        await GrowAuthorizerAsync(report, auth);
        await GrowTeamAsync(report, auth);
    }

    private static async Task GrowAuthorizerAsync(Report report, PublishedService auth)
    {
        var sample = await File.ReadAllTextAsync(auth.Service.PathOf($"tests/{auth.Service.ProjectName}.Tests/events/authorizer.json"));
        var rows = new List<string[]>();
        foreach (var (keys, groups) in new[] { (1, 0), (10, 0), (100, 0), (500, 0), (1, 10), (1, 100), (1, 300) })
        {
            await using var issuer = await Issuer.StartAsync(keys: keys);
            var milliseconds = await MeasureAsync(auth.Binary, "authorizer", issuer.Variables, issuer.Request(sample, groups), answer => answer.Text.Contains("\"isAuthorized\":true", StringComparison.Ordinal));
            rows.Add([Text($"{keys:N0}"), Text($"{groups:N0}"), Text($"{milliseconds:0.00}")]);
        }
        report.Add(
            "The authorizer's growth",
            $"Processor time of a warm native authorizer for a token that is admitted, medians of {Turns}: over the keys that the issuer publishes, and over the groups that the token names.",
            ["keys", "groups", "ms of CPU per token"],
            rows);
    }

    private static async Task GrowTeamAsync(Report report, PublishedService auth)
    {
        var request = JsonNode.Parse(await File.ReadAllTextAsync(auth.Service.PathOf($"tests/{auth.Service.ProjectName}.Tests/events/hello.json")))!;
        request["routeKey"] = "GET /teams/{id}";
        request["rawPath"] = "/teams/acme";
        request["pathParameters"] = new JsonObject { ["id"] = "acme" };
        var payload = Encoding.UTF8.GetBytes(request.ToJsonString());
        var rows = new List<string[]>();
        foreach (var members in new[] { 1, 10, 100, 1_000 })
        {
            await using var table = await Loopback.StartAsync(http => AnswerAsync(http, members));
            var variables = new Dictionary<string, string?>
            {
                ["_HANDLER"] = "getTeam",
                ["USERS_TABLE"] = "users",
                ["AWS_ENDPOINT_URL_DYNAMODB"] = table.Address.ToString().TrimEnd('/'),
            };
            var milliseconds = await MeasureAsync(auth.Binary, "getTeam", variables, payload, answer => answer.Text.Contains("\"statusCode\":200", StringComparison.Ordinal));
            rows.Add([Text($"{members:N0}"), Text($"{milliseconds:0.00}")]);
        }
        report.Add(
            "A team's growth",
            $"Processor time of a warm `getTeam`, native, for a team of so many members, medians of {Turns}. A page has 100 of them. A server on loopback answers as DynamoDB does.",
            ["members", "ms of CPU per request"],
            rows);
    }

    // In milliseconds of processor time per event.
    private static async Task<double> MeasureAsync(string binary, string function, IReadOnlyDictionary<string, string?> variables, ReadOnlyMemory<byte> payload, Predicate<Answer> isRight)
    {
        await using var api = await RuntimeApi.StartAsync();
        await using var process = LambdaProcess.Start(binary, api, function, variables);
        return Median((await InTurnsAsync(Turns, async () =>
        {
            var before = process.ProcessorTime;
            for (var i = 0; i < EventsPerTurn; i++)
            {
                var answer = await api.InvokeAsync(function, payload);
                if (!isRight(answer))
                    throw new InvalidOperationException($"The event that is measured by was answered with {answer.Text}");
            }
            return (process.ProcessorTime - before).TotalMilliseconds / EventsPerTurn;
        }))[0]);
    }

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
