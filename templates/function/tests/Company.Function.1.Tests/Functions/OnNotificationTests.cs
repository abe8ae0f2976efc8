namespace Company.Function._1.Tests.Functions;

/// <summary>The function's binary with notifications of a topic, over the emulated table.</summary>
public sealed class OnNotificationTests(LocalServices services) : FunctionTests("onNotification", services)
{
    [Fact]
    public async Task Keeps_the_trade_item_of_every_sample_or_fails_and_says_why()
    {
        foreach (var name in EventFiles.Of("onNotification"))
        {
            var answer = await InvokeAsync(EventFiles.Read(name));
            Assert.Equal((name, name == "onNotification-poison" ? "RecordsFailedException" : null), (name, answer.ErrorType));
        }

        Assert.Equal("Tea, Darjeeling", Assert.Single(await Services.ItemsAsync("tradeItems", item => item["id"].S == "sample-1"))["product"].S);
        await Function.WaitForOutputAsync(line => line.Contains("InvalidTradeItemException", StringComparison.Ordinal) && line.Contains("2e1424d4", StringComparison.Ordinal));
        Assert.DoesNotContain(Function.Output.Concat(Function.Errors), line => line.Contains("do not log me", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keeps_a_trade_item_once_that_is_announced_twice()
    {
        var id = Guid.NewGuid().ToString("n");
        var notification = EventFiles.Read("onNotification").Replace("sample-1", id, StringComparison.Ordinal);

        Assert.True((await InvokeAsync(notification)).Succeeded);
        Assert.True((await InvokeAsync(notification)).Succeeded);

        Assert.Single(await Services.ItemsAsync("tradeItems", item => item["id"].S == id));
        await Function.WaitForOutputAsync(line => line.Contains(id, StringComparison.Ordinal) && line.Contains("was kept before", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fails_when_the_table_is_down_so_that_lambda_tries_again()
    {
        var (answer, _) = await InvokeWithoutTableAsync(EventFiles.Read("onNotification"));

        Assert.Equal("RecordsFailedException", answer.ErrorType);
    }
}
