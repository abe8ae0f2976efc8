using System.Text.Json.Serialization;
using Amazon.Lambda.Core;
using Amazon.Lambda.DynamoDBEvents;
using Serverless;

namespace Company.Function._1.Functions;

using TradeItems;

/// <summary>
/// Keeps every change of the trade items table in the trade item's history. A stream delivers a change again whenever one before it failed; the
/// history has it once, by its number in the stream. https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
/// </summary>
internal static class OnChange
{
    /// <summary>
    /// Answers with the changes that failed. Lambda delivers anew what stands from the first of them on, and at last writes that to the
    /// failure destination and goes on behind the batch. The others of the batch are kept at the first attempt.
    /// </summary>
    public static async Task<StreamsEventResponse> Handle(DynamoDBEvent changes, ILambdaContext context, TradeItemHistory history)
    {
        var failures = await Records.HandleEachAsync(
            changes.Records, change => change.Dynamodb?.SequenceNumber ?? "", (change, time) => history.KeepAsync(change, time), context);
        context.Logger.LogInformation("{Changes} changes: {Kept} are kept, {Failed} failed", changes.Records?.Count ?? 0, (changes.Records?.Count ?? 0) - failures.Count, failures.Count);
        return new StreamsEventResponse
        {
            BatchItemFailures = [.. failures.Select(failure => new StreamsEventResponse.BatchItemFailure { ItemIdentifier = failure.Id })],
        };
    }
}

[JsonSerializable(typeof(DynamoDBEvent))]
[JsonSerializable(typeof(StreamsEventResponse))]
internal sealed partial class ChangeJson : JsonSerializerContext;
