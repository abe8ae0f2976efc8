using System.Globalization;

namespace Company.Function._1.Tests.Functions;

/// <summary>The function's binary on its schedule, over the emulated table.</summary>
public sealed class ExpireTradeItemsTests(LocalServices services) : FunctionTests("expireTradeItems", services)
{
    // As the sample has it.
    private static readonly DateTimeOffset Due = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Ends_the_trade_items_older_than_a_day_once_and_leaves_the_others()
    {
        using var table = DynamoDb.Connect(Services.Settings.GetValueOrDefault);
        var run = Guid.NewGuid().ToString("n");
        for (var hours = 0; hours < 48; hours++)
        {
            var placedAt = Due.AddHours(-hours).AddMinutes(-1).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            await table.PutItemAsync(
                "tradeItems",
                new() { ["id"] = new() { S = $"{run}-{hours:00}" }, ["placedAt"] = new() { S = placedAt }, ["status"] = new() { S = "placed" } },
                TestContext.Current.CancellationToken);
        }

        foreach (var name in EventFiles.Of("expireTradeItems"))
            Assert.True((await InvokeAsync(EventFiles.Read(name))).Succeeded);
        Assert.True((await InvokeAsync(EventFiles.Read("expireTradeItems"))).Succeeded);

        var expired = await Services.ItemsAsync("tradeItems", item => item["id"].S.StartsWith(run, StringComparison.Ordinal) && item["status"].S == "expired");
        Assert.Equal(Enumerable.Range(24, 24).Select(hours => $"{run}-{hours:00}"), expired.Select(item => item["id"].S).Order());
        await Function.WaitForOutputAsync(line => line.Contains("24 trade items have expired", StringComparison.Ordinal));
        await Function.WaitForOutputAsync(line => line.Contains("\"message\":\"0 trade items have expired", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fails_for_an_event_without_a_time() =>
        Assert.Equal(nameof(InvalidDataException), (await InvokeAsync("{}")).ErrorType);

    [Fact]
    public async Task Fails_when_the_table_is_down_so_that_lambda_tries_again()
    {
        var (answer, _) = await InvokeWithoutTableAsync(EventFiles.Read("expireTradeItems"));

        Assert.Equal("DependencyException", answer.ErrorType);
    }
}
