using System.Text;
using System.Text.Json.Serialization;
using Amazon.Lambda.Core;
using Amazon.Lambda.SQSEvents;
using Company.Function._1.Orders;
using Serverless;

namespace Company.Function._1.Functions;

/// <summary>
/// Keeps the orders that arrive in the queue. SQS may deliver a message twice; an order is kept once, by its id.
/// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
/// </summary>
internal static class OnMessage
{
    private const int AtATime = 10;

    /// <summary>
    /// Answers with the messages that failed: SQS deletes the others, delivers these again, and after the fifth time moves them to
    /// the dead-letter queue.
    /// </summary>
    public static async Task<SQSBatchResponse> Handle(SQSEvent batch, ILambdaContext context, OrdersTable orders)
    {
        // The sender's trace goes on with each message: the batch has one of its own.
        var failures = await Records.HandleEachAsync(
            batch.Records,
            message => message.MessageId,
            (message, time) => HandleAsync(message, context, orders, time),
            context,
            AtATime,
            message => message.Attributes?.GetValueOrDefault("AWSTraceHeader"));
        return new SQSBatchResponse([.. failures.Select(failure => new SQSBatchResponse.BatchItemFailure { ItemIdentifier = failure.Id })]);
    }

    private static async Task HandleAsync(SQSEvent.SQSMessage message, ILambdaContext context, OrdersTable orders, CancellationToken time)
    {
        var order = Order.Read(Encoding.UTF8.GetBytes(message.Body ?? ""));
        var isNew = await orders.PlaceAsync(order, time);
        context.Logger.LogInformation(
            "Order {OrderId} of message {MessageId} {Outcome} in trace {RequestTrace}", order.Id, message.MessageId, isNew ? "is kept" : "was kept before", Trace.Current ?? "");
    }
}

[JsonSerializable(typeof(SQSEvent))]
[JsonSerializable(typeof(SQSBatchResponse))]
internal sealed partial class MessageJson : JsonSerializerContext;
