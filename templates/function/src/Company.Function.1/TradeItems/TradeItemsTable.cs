using System.Globalization;
using Amazon.DynamoDBv2;
using Serverless;

namespace Company.Function._1.TradeItems;

/// <summary>The trade items, in a DynamoDB table: one item a trade item, under its <c>id</c>.</summary>
internal sealed partial class TradeItemsTable(IAmazonDynamoDB client, string table) : IDisposable
{
    /// <summary>Opens the table that the setting <c>TRADE_ITEMS_TABLE</c> names.</summary>
    /// <param name="setting">Gives a setting's text by its name.</param>
    /// <exception cref="SettingException">The setting is missing.</exception>
    public static TradeItemsTable Open(Func<string, string?> setting) => new(DynamoDb.Connect(setting), DynamoDb.TableName(setting, "TRADE_ITEMS_TABLE"));

    /// <summary>The client of DynamoDB.</summary>
    public IAmazonDynamoDB Client => client;

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    // Of one length, so that times sort as texts.
    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
