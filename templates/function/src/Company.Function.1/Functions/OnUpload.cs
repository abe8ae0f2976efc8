using System.Net;
using System.Text.Json.Serialization;
using Amazon.Lambda.Core;
using Amazon.Lambda.S3Events;
using Amazon.S3;
using Amazon.S3.Model;
using Serverless;

namespace Company.Function._1.Functions;

using TradeItems;

/// <summary>
/// Keeps the trade items that are uploaded to the bucket, a JSON document each. S3 may tell of an upload twice; a trade item is kept once, by
/// its id. https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html
/// </summary>
internal static class OnUpload
{
    private const int LongestTradeItem = 64 * 1024;

    /// <summary>Fails if a trade item could not be kept: Lambda tries the event twice more, then keeps it in the failure destination.</summary>
    public static async Task Handle(S3Event uploads, ILambdaContext context, TradeItemsTable tradeItems, IAmazonS3 s3)
    {
        var failures = await Records.HandleEachAsync(
            uploads.Records, record => record.S3.Object.Key, (record, time) => HandleAsync(record, context, tradeItems, s3, time), context);
        failures.ThrowIfAny();
    }

    private static async Task HandleAsync(
        S3Event.S3EventNotificationRecord record, ILambdaContext context, TradeItemsTable tradeItems, IAmazonS3 s3, CancellationToken time)
    {
        if (!record.EventName.StartsWith("ObjectCreated:", StringComparison.Ordinal))
        {
            context.Logger.LogWarning("Ignored: the event is {EventName}; expected one of ObjectCreated:*", record.EventName);
            return;
        }

        if (await ReadAsync(record.S3, s3, time) is not { } document)
        {
            context.Logger.LogWarning("{Key} is gone: it was removed after its upload", record.S3.Object.Key);
            return;
        }

        var tradeItem = TradeItem.Read(document);
        var isNew = await tradeItems.PlaceAsync(tradeItem, time);
        context.Logger.LogInformation("Trade item {TradeItemId} of {Key} {Outcome}", tradeItem.Id, record.S3.Object.Key, isNew ? "is kept" : "was kept before");
    }

    private static async Task<byte[]?> ReadAsync(S3Event.S3Entity upload, IAmazonS3 s3, CancellationToken time)
    {
        if (upload.Object.Size > LongestTradeItem)
            throw new InvalidTradeItemException($"The upload has {upload.Object.Size} bytes; expected at most {LongestTradeItem}.");
        try
        {
            // The version that was uploaded: another may have taken its place. In the event the key is encoded as in a URL, with a plus for a space.
            using var response = await s3.GetObjectAsync(
                new GetObjectRequest { BucketName = upload.Bucket.Name, Key = WebUtility.UrlDecode(upload.Object.Key), VersionId = upload.Object.VersionId }, time);
            using var document = new MemoryStream();
            await response.ResponseStream.CopyToAsync(document, time);
            return document.ToArray();
        }
        catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
        catch (Exception exception) when (!time.IsCancellationRequested)
        {
            throw new DependencyException("S3", exception);
        }
    }
}

[JsonSerializable(typeof(S3Event))]
internal sealed partial class UploadJson : JsonSerializerContext;
