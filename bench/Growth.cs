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
        var payload = TeamTable.Request(await File.ReadAllTextAsync(auth.Service.PathOf($"tests/{auth.Service.ProjectName}.Tests/events/hello.json")));
        var rows = new List<string[]>();
        foreach (var members in new[] { 1, 10, 100, 1_000 })
        {
            await using var table = await TeamTable.StartAsync(members);
            var milliseconds = await MeasureAsync(auth.Binary, "getTeam", table.Variables, payload, answer => answer.Text.Contains("\"statusCode\":200", StringComparison.Ordinal));
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
}
