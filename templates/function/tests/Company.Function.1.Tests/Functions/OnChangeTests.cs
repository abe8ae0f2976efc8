using System.Text.Json.Nodes;

namespace Company.Function._1.Tests.Functions;

/// <summary>The function's binary with changes of a table's stream, over the emulated history.</summary>
public sealed class OnChangeTests(LocalServices services) : FunctionTests("onChange", services)
{
    private const int MaximumRetryAttempts = 5;

    [Fact]
    public async Task Keeps_the_changes_of_every_sample_and_reports_what_is_none()
    {
        foreach (var name in EventFiles.Of("onChange"))
        {
            var answer = await InvokeAsync(EventFiles.Read(name));

            Assert.True(answer.Succeeded, answer.Text);
            Assert.Equal(name == "onChange-poison" ? ["222200000000005391461882"] : [], FailuresIn(answer));
        }

        var history = (await Services.ItemsAsync("history", item => item["id"].S == "sample-1")).OrderBy(item => item["sequence"].S).ToList();
        Assert.Equal(["INSERT", "MODIFY", "REMOVE"], history.Select(item => item["change"].S));
        Assert.Equal(("placed", "expired"), (history[1]["before"].M["status"].S, history[1]["after"].M["status"].S));
        Assert.False(history[2].ContainsKey("after"));
        await Function.WaitForOutputAsync(line => line.Contains("InvalidChangeException", StringComparison.Ordinal));
        Assert.DoesNotContain(Function.Output.Concat(Function.Errors), line => line.Contains("do not log me", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_a_hundred_changes_with_seven_poisoned_keeps_93_once_and_loses_none_of_the_seven()
    {
        var run = Guid.NewGuid().ToString("n")[..8];
        var all = Enumerable.Range(0, 100).Select(SequenceOf).Order();
        var poisoned = Enumerable.Range(0, 100).Where(number => number % 15 == 3).Select(SequenceOf).ToList();
        List<JsonNode> rest = [.. Enumerable.Range(0, 100).Select(number => Change(run, number, isPoisoned: number % 15 == 3))];

        for (var attempt = 0; attempt <= MaximumRetryAttempts; attempt++)
        {
            // As Lambda: the batch is split at the first number that is returned, and only what remains is tried again. What remains when
            // the attempts are used up goes to the failure destination.
            // https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
            var failed = FailuresIn(await InvokeAsync(Batch(rest)));
            Assert.Equal(poisoned, failed);
            rest = [.. rest.SkipWhile(change => SequenceIn(change) != failed[0])];
        }

        var destination = rest.Select(SequenceIn).ToList();
        Assert.Subset(destination.ToHashSet(), poisoned.ToHashSet());
        var kept = await Services.ItemsAsync("history", item => item["id"].S.StartsWith(run, StringComparison.Ordinal));
        Assert.Equal(93, kept.Count);
        Assert.Equal(93, kept.Select(item => item["sequence"].S).Distinct().Count());
        Assert.Equal(all, kept.Select(item => item["sequence"].S.TrimStart('0')).Concat(destination).ToHashSet().Order());

        // What the failure destination has is handed over again: nothing is kept twice, and what still fails is told.
        Assert.Equal(poisoned, FailuresIn(await InvokeAsync(Batch(rest))));
        Assert.Equal(93, (await Services.ItemsAsync("history", item => item["id"].S.StartsWith(run, StringComparison.Ordinal))).Count);
    }

    [Fact]
    public async Task Reports_every_change_when_the_table_is_down()
    {
        var (answer, _) = await InvokeWithoutTableAsync(EventFiles.Read("onChange"));

        Assert.Equal(3, FailuresIn(answer).Count);
    }

    private static List<string> FailuresIn(Answer answer) =>
        [.. JsonNode.Parse(answer.Text)!["batchItemFailures"]!.AsArray().Select(failure => (string)failure!["itemIdentifier"]!)];

    private static string Batch(List<JsonNode> changes) =>
        new JsonObject { ["Records"] = new JsonArray([.. changes.Select(change => change.DeepClone())]) }.ToJsonString();

    private static string SequenceOf(int number) => $"{111100000000000000000000m + number}";

    private static string SequenceIn(JsonNode change) => (string)change["dynamodb"]!["SequenceNumber"]!;

    private static JsonNode Change(string run, int number, bool isPoisoned)
    {
        var change = EventFiles.Parse("onChange")["Records"]![0]!.DeepClone();
        change["dynamodb"]!["SequenceNumber"] = SequenceOf(number);
        change["dynamodb"]!["Keys"]!["id"] = isPoisoned ? new JsonObject { ["N"] = "7" } : new JsonObject { ["S"] = $"{run}-{number}" };
        return change;
    }
}
