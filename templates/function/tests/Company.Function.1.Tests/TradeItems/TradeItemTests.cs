namespace Company.Function._1.Tests;

using TradeItems;

public sealed class TradeItemTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Lets_a_trade_item_pass_up_to_its_bounds()
    {
        var tradeItem = new TradeItem(new('i', 64), new('c', 128), new('p', 100), 1000, Noon);

        Assert.Same(tradeItem, TradeItem.Check(tradeItem));
    }

    [Theory]
    [InlineData(0, 1, 1, 1, "id has 0 characters; expected 1 to 64")]
    [InlineData(65, 1, 1, 1, "id has 65 characters")]
    [InlineData(1, 0, 1, 1, "customer has 0 characters")]
    [InlineData(1, 129, 1, 1, "customer has 129 characters")]
    [InlineData(1, 1, 0, 1, "product has 0 characters; expected 1 to 100")]
    [InlineData(1, 1, 101, 1, "product has 101 characters")]
    [InlineData(1, 1, 1, 0, "quantity is 0; expected 1 to 1000")]
    [InlineData(1, 1, 1, 1001, "quantity is 1001")]
    public void Says_which_value_is_out_of_bounds(int id, int customer, int product, int quantity, string why)
    {
        var tradeItem = new TradeItem(new('i', id), new('c', customer), new('p', product), quantity, Noon);

        Assert.Contains(why, Assert.Throws<InvalidTradeItemException>(() => TradeItem.Check(tradeItem)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Takes_nothing_for_no_trade_item()
    {
        Assert.Contains("is null", Assert.Throws<InvalidTradeItemException>(() => TradeItem.Check(null)).Message, StringComparison.Ordinal);
        Assert.Contains("placedAt is missing", Assert.Throws<InvalidTradeItemException>(() => TradeItem.Check(new TradeItem("i", null, "p", 1, default))).Message, StringComparison.Ordinal);
    }
}
