using System.Text.Json.Nodes;

namespace Company.Function._1.Tests.Functions;

/// <summary>The function's binary with batches of a queue, over the real table's emulator.</summary>
public sealed class OnMessageTests(LocalServices services) : FunctionTests("onMessage", services)
{
    [Fact]
    public async Task Keeps_the_trade_items_of_every_sample_and_reports_the_messages_that_are_none()
    {
        foreach (var name in EventFiles.Of("onMessage"))
        {
            var answer = await InvokeAsync(EventFiles.Read(name));

            Assert.True(answer.Succeeded, answer.Text);
            Assert.Equal(name == "onMessage-poison" ? ["2e1424d4-f796-459a-8184-9c92662be6da"] : [], FailuresIn(answer));
        }

        Assert.Equal(2, (await Services.ItemsAsync("tradeItems", item => item["id"].S.StartsWith("sample-", StringComparison.Ordinal))).Count);
        await Function.WaitForOutputAsync(line => line.Contains("InvalidTradeItemException", StringComparison.Ordinal) && line.Contains("2e1424d4", StringComparison.Ordinal) && line.Contains("Root=1-67891233-abcdef012345678912345678", StringComparison.Ordinal));
        await Function.WaitForOutputAsync(line => line.Contains("Root=1-67891233-abcdef012345678912345678", StringComparison.Ordinal) && line.Contains("is kept", StringComparison.Ordinal));
        Assert.DoesNotContain(Function.Output.Concat(Function.Errors), line => line.Contains("do not log me", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_a_hundred_messages_with_seven_poisoned_keeps_93_once_and_reports_seven_until_they_go_to_the_dead_letters()
    {
        var run = Guid.NewGuid().ToString("n")[..8];
        var poisoned = Enumerable.Range(0, 100).Where(number => number % 15 == 3).ToHashSet();
        var queue = Enumerable.Range(0, 100).ToDictionary(
            number => $"message-{number}",
            number => poisoned.Contains(number) ? "no trade item" : TradeItemOf($"{run}-{number}"));
        var receives = queue.Keys.ToDictionary(id => id, _ => 0);
        var deadLetters = new List<string>();

        while (queue.Count > 0)
        {
            // As SQS: what is not reported is deleted, what is comes again, and after the fifth time goes to the dead-letter queue.
            var answer = await InvokeAsync(Batch(queue));
            Assert.True(answer.Succeeded, answer.Text);
            var failed = FailuresIn(answer);
            Assert.Equal(7, failed.Count);
            foreach (var id in queue.Keys.ToList())
            {
                receives[id]++;
                if (!failed.Contains(id))
                    queue.Remove(id);
                else if (receives[id] == 5 && queue.Remove(id))
                    deadLetters.Add(id);
            }
        }

        var kept = await Services.ItemsAsync("tradeItems", item => item["id"].S.StartsWith(run, StringComparison.Ordinal));
        Assert.Equal(93, kept.Count);
        Assert.Equal(poisoned.Select(number => $"message-{number}").Order(), deadLetters.Order());
        await Function.WaitForOutputAsync(line => line.Contains($"{run}-99", StringComparison.Ordinal));
        Assert.Equal(93, Function.Output.Count(line => line.Contains(run, StringComparison.Ordinal) && line.Contains("is kept", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Keeps_a_trade_item_once_that_is_delivered_again_and_refuses_another_of_its_id()
    {
        var id = Guid.NewGuid().ToString("n");
        Dictionary<string, string> Messages(string tradeItem) => new() { ["m"] = tradeItem };

        Assert.Empty(FailuresIn(await InvokeAsync(Batch(Messages(TradeItemOf(id))))));
        Assert.Empty(FailuresIn(await InvokeAsync(Batch(Messages(TradeItemOf(id))))));
        Assert.Equal(["m"], FailuresIn(await InvokeAsync(Batch(Messages(TradeItemOf(id, quantity: 9))))));

        await Function.WaitForOutputAsync(line => line.Contains("was kept before", StringComparison.Ordinal) && line.Contains(id, StringComparison.Ordinal));
        await Function.WaitForOutputAsync(line => line.Contains("TradeItemConflictException", StringComparison.Ordinal));
        Assert.Equal("2", Assert.Single(await Services.ItemsAsync("tradeItems", item => item["id"].S == id))["quantity"].N);
    }

    [Fact]
    public async Task Reports_every_message_when_the_table_is_down()
    {
        var (answer, _) = await InvokeWithoutTableAsync(Batch(new() { ["a"] = TradeItemOf("a"), ["b"] = TradeItemOf("b") }));

        Assert.Equal(["a", "b"], FailuresIn(answer));
    }

    [Fact]
    public async Task Calls_the_table_in_the_trace_of_the_message()
    {
        var traces = new System.Collections.Concurrent.ConcurrentBag<string>();
        await using var table = await Loopback.StartAsync(http =>
        {
            traces.Add(http.Request.Headers[Trace.Header].ToString());
            http.Response.StatusCode = 400;
            return Task.CompletedTask;
        });
        var settings = new Dictionary<string, string?>(Services.Settings) { ["_HANDLER"] = "onMessage", ["AWS_ENDPOINT_URL_DYNAMODB"] = table.Address.ToString() };
        var batch = JsonNode.Parse(Batch(new() { ["m"] = TradeItemOf("m") }))!;
        var trace = Trace.Create();
        batch["Records"]![0]!["attributes"]!["AWSTraceHeader"] = trace;

        await using var alone = RunningFunction.Start("alone", Api, settings);
        await Api.InvokeAsync("alone", batch.ToJsonString());

        // With AWS_LAMBDA_FUNCTION_NAME set, the AWS SDK sets the header to the trace of the invocation.
        Assert.NotEmpty(traces);
        Assert.All(traces, called => Assert.Equal(trace, called));
    }

    private static List<string> FailuresIn(Answer answer) =>
        [.. JsonNode.Parse(answer.Text)!["batchItemFailures"]!.AsArray().Select(failure => (string)failure!["itemIdentifier"]!)];

    private static string TradeItemOf(string id, int quantity = 2) =>
        new JsonObject { ["id"] = id, ["customer"] = null, ["product"] = "Tea", ["quantity"] = quantity, ["placedAt"] = "2026-11-22T12:00:00Z" }.ToJsonString();

    private static string Batch(Dictionary<string, string> messages)
    {
        var batch = EventFiles.Parse("onMessage");
        var sample = batch["Records"]![0]!;
        batch["Records"] = new JsonArray([.. messages.Select(message =>
        {
            var record = sample.DeepClone();
            record["messageId"] = message.Key;
            record["body"] = message.Value;
            return record;
        })]);
        return batch.ToJsonString();
    }
}
