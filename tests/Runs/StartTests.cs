using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Serverless.Testing;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>What a native function has done before its first event, when Lambda gives it more processor than while it handles one.</summary>
[TakesLong(1)]
public sealed class StartTests
{
    private readonly ConcurrentQueue<(string Request, string Connection)> requests = [];

    [FactThatNeeds("linux-x64", "clang")]
    public async Task Has_read_the_certificates_and_has_a_connection_to_its_table()
    {
        await using var table = await Loopback.StartAsync(AnswerAsync);

        var answer = await GetTeamAsync(table.Address.ToString().TrimEnd('/'), "on-demand", HasTlsAsync);

        // Not a member of the team.
        Assert.Contains("\"statusCode\":403", answer, StringComparison.Ordinal);
        Assert.Equal(["GET /", "POST DynamoDB_20120810.GetItem"], requests.Select(request => request.Request));
        Assert.Single(requests.Select(request => request.Connection).Distinct());
    }

    [FactThatNeeds("linux-x64", "clang")]
    public async Task Starts_without_its_table_and_says_so_in_the_answer()
    {
        var answer = await GetTeamAsync($"http://127.0.0.1:{Loopback.FreePort()}", "on-demand");

        Assert.Contains("\"statusCode\":503", answer, StringComparison.Ordinal);
    }

    [FactThatNeeds("linux-x64", "clang")]
    public async Task Does_none_of_it_where_Lambda_does_not_start_it()
    {
        await using var table = await Loopback.StartAsync(AnswerAsync);

        await GetTeamAsync(table.Address.ToString().TrimEnd('/'), null);

        Assert.Equal(["POST DynamoDB_20120810.GetItem"], requests.Select(request => request.Request));
    }

    private static async Task<string> GetTeamAsync(string table, string? startedBy, Func<LambdaProcess, Task>? beforeEvent = null)
    {
        var auth = await PublishedService.ShareAsync(Template.Named("sls-auth"), "aot");
        var request = JsonNode.Parse(auth.Service.Read($"tests/{auth.Service.ProjectName}.Tests/events/hello.json"))!;
        request["routeKey"] = "GET /teams/{id}";
        request["pathParameters"] = new JsonObject { ["id"] = "acme" };
        var variables = new Dictionary<string, string?>
        {
            ["_HANDLER"] = "getTeam",
            ["USERS_TABLE"] = "users",
            ["AWS_ENDPOINT_URL_DYNAMODB"] = table,
            ["AWS_LAMBDA_INITIALIZATION_TYPE"] = startedBy,
        };

        await using var api = await RuntimeApi.StartAsync();
        await using var process = LambdaProcess.Start(auth.Binary, api, "getTeam", variables);
        await (beforeEvent?.Invoke(process) ?? Task.CompletedTask);
        return (await api.InvokeAsync("getTeam", Encoding.UTF8.GetBytes(request.ToJsonString()))).Text;
    }

    // The library for TLS reads the certificates. Nothing else needs it before the first request is signed.
    private static async Task HasTlsAsync(LambdaProcess process)
    {
        var maps = string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/maps");
        for (var limit = DateTime.UtcNow.AddSeconds(20); !(await File.ReadAllTextAsync(maps)).Contains("libssl", StringComparison.Ordinal); await Task.Delay(10))
            Assert.True(DateTime.UtcNow < limit, "The certificates were not read before the first event.");
    }

    private Task AnswerAsync(HttpContext http)
    {
        requests.Enqueue(($"{http.Request.Method} {(http.Request.Method == "GET" ? http.Request.Path : http.Request.Headers["X-Amz-Target"])}", http.Connection.Id));
        return http.Response.WriteAsync("{}");
    }
}
