using System.Text;

namespace Company.Function._1.Tests;

using TradeItems;

public sealed class TradeItemReadingTests
{
    [Fact]
    public void Reads_a_trade_item()
    {
        var tradeItem = TradeItem.Read("""{"id":"o-1","customer":"ada","product":"Tea","quantity":2,"placedAt":"2026-11-22T12:00:00Z","note":"ignored"}"""u8);

        Assert.Equal(new TradeItem("o-1", "ada", "Tea", 2, new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero)), tradeItem);
    }

    [Theory]
    [InlineData("", "not the JSON expected")]
    [InlineData("null", "is null")]
    [InlineData("[]", "not the JSON expected")]
    [InlineData("secret", "not the JSON expected")]
    [InlineData("""{"id":"o-1"}""", "not the JSON expected")]
    [InlineData("""{"id":"","customer":null,"product":"Tea","quantity":2,"placedAt":"2026-11-22T12:00:00Z"}""", "id has 0 characters; expected 1 to 64")]
    [InlineData("""{"id":null,"customer":null,"product":"Tea","quantity":2,"placedAt":"2026-11-22T12:00:00Z"}""", "not the JSON expected")]
    [InlineData("""{"id":"o-1","customer":"","product":"Tea","quantity":2,"placedAt":"2026-11-22T12:00:00Z"}""", "customer has 0 characters")]
    [InlineData("""{"id":"o-1","customer":null,"product":"","quantity":2,"placedAt":"2026-11-22T12:00:00Z"}""", "product has 0 characters; expected 1 to 100")]
    [InlineData("""{"id":"o-1","customer":null,"product":"Tea","quantity":0,"placedAt":"2026-11-22T12:00:00Z"}""", "quantity is 0; expected 1 to 1000")]
    [InlineData("""{"id":"o-1","customer":null,"product":"Tea","quantity":"secret","placedAt":"2026-11-22T12:00:00Z"}""", "at $.quantity")]
    [InlineData("""{"id":"o-1","customer":null,"product":"Tea","quantity":2,"placedAt":"secret"}""", "at $.placedAt")]
    [InlineData("""{"id":"o-1","id":"o-2","customer":null,"product":"Tea","quantity":2,"placedAt":"2026-11-22T12:00:00Z"}""", "not the JSON expected")]
    public void Says_why_it_is_none_without_what_was_sent(string json, string why)
    {
        var exception = Assert.Throws<InvalidTradeItemException>(() => TradeItem.Read(Encoding.UTF8.GetBytes(json)));

        Assert.Contains(why, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }
}
