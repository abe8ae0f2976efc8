using System.Globalization;
using Amazon.DynamoDBv2;
using Serverless;

namespace sls_function.Orders;

/// <summary>The orders, in a DynamoDB table: one item an order, under its <c>id</c>.</summary>
internal sealed partial class OrdersTable(IAmazonDynamoDB client, string table) : IDisposable
{
    /// <summary>Opens the table that the setting <c>ORDERS_TABLE</c> names.</summary>
    /// <param name="setting">Gives a setting's text by its name.</param>
    /// <exception cref="SettingException">The setting is missing.</exception>
    public static OrdersTable Open(Func<string, string?> setting) => new(DynamoDb.Connect(setting), DynamoDb.TableName(setting, "ORDERS_TABLE"));

    /// <summary>The client of DynamoDB.</summary>
    public IAmazonDynamoDB Client => client;

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    // Of one length, so that times sort as texts.
    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
