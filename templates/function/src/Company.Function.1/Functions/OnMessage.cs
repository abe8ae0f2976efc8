using System.Text;
using System.Text.Json.Serialization;
using Amazon.Lambda.Core;
using Amazon.Lambda.SQSEvents;
using Serverless;

namespace Company.Function._1.Functions;

using TradeItems;

/// <summary>
/// Keeps the trade items that arrive in the queue. SQS may deliver a message twice; a trade item is kept once, by its id.
/// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
/// </summary>
internal static class OnMessage
{
    private const int AtATime = 10;

    /// <summary>
    /// Answers with the messages that failed: SQS deletes the others, delivers these again, and after the fifth time moves them to
    /// the dead-letter queue.
    /// </summary>
    public static async Task<SQSBatchResponse> Handle(SQSEvent batch, ILambdaContext context, TradeItemsTable tradeItems)
    {
        // The sender's trace goes on with each message: the batch has one of its own.
        var failures = await Records.HandleEachAsync(
            batch.Records,
            message => message.MessageId,
            (message, time) => HandleAsync(message, context, tradeItems, time),
            context,
            AtATime,
            message => message.Attributes?.GetValueOrDefault("AWSTraceHeader"));
        return new SQSBatchResponse([.. failures.Select(failure => new SQSBatchResponse.BatchItemFailure { ItemIdentifier = failure.Id })]);
    }

    private static async Task HandleAsync(SQSEvent.SQSMessage message, ILambdaContext context, TradeItemsTable tradeItems, CancellationToken time)
    {
        var tradeItem = TradeItem.Read(Encoding.UTF8.GetBytes(message.Body ?? ""));
        var isNew = await tradeItems.PlaceAsync(tradeItem, time);
        context.Logger.LogInformation(
            "Trade item {TradeItemId} of message {MessageId} {Outcome} in trace {RequestTrace}", tradeItem.Id, message.MessageId, isNew ? "is kept" : "was kept before", Trace.Current ?? "");
    }
}

[JsonSerializable(typeof(SQSEvent))]
[JsonSerializable(typeof(SQSBatchResponse))]
internal sealed partial class MessageJson : JsonSerializerContext;
