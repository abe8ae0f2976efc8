using System.Runtime.CompilerServices;
using Amazon.DynamoDBv2.Model;
using Serverless;

namespace Company.Function._1.TradeItems;

internal sealed partial class TradeItemsTable
{
    /// <summary>The ids of the trade items placed before a time that are still waiting, the oldest first.</summary>
    /// <exception cref="DependencyException">The table cannot be reached.</exception>
    public async IAsyncEnumerable<string> PlacedBeforeAsync(DateTimeOffset time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new QueryRequest
        {
            TableName = table,
            IndexName = "by-status",
            KeyConditionExpression = "#status = :placed AND placedAt < :time",
            ExpressionAttributeNames = new() { ["#status"] = "status" },
            ExpressionAttributeValues = new() { [":placed"] = new() { S = "placed" }, [":time"] = new() { S = Time(time) } },
        };
        do
        {
            var page = await DynamoDb.CallAsync("The trade items table", () => client.QueryAsync(request, cancellationToken), cancellationToken);
            foreach (var item in page.Items ?? [])
                yield return item["id"].S;
            request.ExclusiveStartKey = page.LastEvaluatedKey;
        }
        while (request.ExclusiveStartKey is { Count: > 0 });
    }

    /// <summary>Ends a trade item that nobody has taken up.</summary>
    /// <returns>Whether it was still waiting; the condition makes it end once.</returns>
    /// <exception cref="DependencyException">The table cannot be reached.</exception>
    public async Task<bool> ExpireAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await DynamoDb.CallAsync(
                "The trade items table",
                () => client.UpdateItemAsync(
                    new UpdateItemRequest
                    {
                        TableName = table,
                        Key = new() { ["id"] = new() { S = id } },
                        UpdateExpression = "SET #status = :expired",
                        ConditionExpression = "#status = :placed",
                        ExpressionAttributeNames = new() { ["#status"] = "status" },
                        ExpressionAttributeValues = new() { [":placed"] = new() { S = "placed" }, [":expired"] = new() { S = "expired" } },
                    },
                    cancellationToken),
                cancellationToken);
            return true;
        }
        catch (ConditionalCheckFailedException)
        {
            return false;
        }
    }
}
