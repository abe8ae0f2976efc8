namespace Company.Function._1.Tests.Functions;

/// <summary>The function's binary with events of a bus, over the emulated table.</summary>
public sealed class OnTradeItemPlacedTests(LocalServices services) : FunctionTests("onTradeItemPlaced", services)
{
    [Fact]
    public async Task Keeps_the_trade_item_of_every_sample_or_fails_and_says_why()
    {
        foreach (var name in EventFiles.Of("onTradeItemPlaced"))
        {
            var answer = await InvokeAsync(EventFiles.Read(name));
            Assert.Equal((name, name == "onTradeItemPlaced-poison" ? "InvalidTradeItemException" : null), (name, answer.ErrorType));
        }

        Assert.Equal("Tea, Darjeeling", Assert.Single(await Services.ItemsAsync("tradeItems", item => item["id"].S == "sample-1"))["product"].S);
        await Function.WaitForOutputAsync(line => line.Contains("Trade item sample-1", StringComparison.Ordinal));
        await Function.WaitForOutputAsync(line => line.Contains("InvalidTradeItemException", StringComparison.Ordinal));
        Assert.DoesNotContain(Function.Output.Concat(Function.Errors), line => line.Contains("do not log me", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keeps_a_trade_item_once_that_is_told_of_twice_and_refuses_another_of_its_id()
    {
        var id = Guid.NewGuid().ToString("n");
        var placed = EventFiles.Read("onTradeItemPlaced").Replace("sample-1", id, StringComparison.Ordinal);

        Assert.True((await InvokeAsync(placed)).Succeeded);
        Assert.True((await InvokeAsync(placed)).Succeeded);
        Assert.Equal("TradeItemConflictException", (await InvokeAsync(placed.Replace("\"quantity\": 2", "\"quantity\": 9", StringComparison.Ordinal))).ErrorType);

        Assert.Equal("2", Assert.Single(await Services.ItemsAsync("tradeItems", item => item["id"].S == id))["quantity"].N);
    }

    [Theory]
    [InlineData("""{"detail-type":"TradeItemPlaced","source":"shop"}""")]
    [InlineData("""{"detail-type":"TradeItemPlaced","source":"shop","detail":null}""")]
    [InlineData("""{"detail-type":"TradeItemPlaced","source":"shop","detail":{}}""")]
    public async Task Fails_for_an_event_without_a_trade_item(string placed) =>
        Assert.Equal("InvalidTradeItemException", (await InvokeAsync(placed)).ErrorType);

    [Fact]
    public async Task Fails_when_the_table_is_down_so_that_lambda_tries_again()
    {
        var (answer, _) = await InvokeWithoutTableAsync(EventFiles.Read("onTradeItemPlaced"));

        Assert.Equal("DependencyException", answer.ErrorType);
    }
}
