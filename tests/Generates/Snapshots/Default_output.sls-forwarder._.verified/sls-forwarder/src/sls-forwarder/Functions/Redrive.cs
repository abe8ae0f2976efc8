using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Amazon.Lambda.Core;
using Amazon.S3;
using Amazon.S3.Model;

namespace sls_forwarder.Functions;

/// <summary>What to ship again.</summary>
/// <param name="Max">At most so many events; none given: as many as there is time for.</param>
/// <param name="Prefix">Only records whose keys start like this; none given: all that Lambda put there.</param>
/// <param name="After">Only records whose keys come after this one, which an answer gave; none given: from the first on.</param>
public sealed record RedriveRequest(int? Max, string? Prefix, string? After = null);

/// <summary>What became of it.</summary>
/// <param name="Redriven">Events that have been delivered; their records are deleted.</param>
/// <param name="Failed">Events that have not; their records stay.</param>
/// <param name="Remaining">Whether there are records that were not looked at.</param>
/// <param name="After">If so, the last key that was: where the next call goes on, past the events that have failed.</param>
public sealed record RedriveResult(int Redriven, int Failed, bool Remaining, string? After = null);

/// <summary>The JSON of the two.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RedriveRequest))]
[JsonSerializable(typeof(RedriveResult))]
public sealed partial class RedriveJson : JsonSerializerContext;

/// <summary>
/// The function that ships what the failure destination holds. Lambda writes there a JSON object for each event that failed for
/// good, under <c>aws/lambda/async/&lt;function&gt;/</c>, with the event in <c>requestPayload</c>.
/// </summary>
public static class Redrive
{
    private const string LambdaPrefix = "aws/lambda/async/";

    // What an event may need at the least: less time than this is left to the next call.
    private static readonly TimeSpan EventTime = TimeSpan.FromSeconds(15);

    private static readonly Lazy<AmazonS3Client> S3 = new(() => new AmazonS3Client());

    // It has no own log group whose lines to leave out: no line brings it its next event, and an event that it left out it would delete.
    private static readonly Lazy<LogShipper> Shipper = new(() =>
        Forwarder.CreateShipper(new Settings(Environment.GetEnvironmentVariable) { OwnLogGroup = null }));

    /// <summary>Ships the events again, the oldest day first, until all are done, the time is over, or the destination takes nothing for now.</summary>
    public static Task<RedriveResult> Handle(RedriveRequest request, ILambdaContext context) =>
        HandleAsync(request, context, S3.Value, Environment.GetEnvironmentVariable("FAILED_EVENTS_BUCKET"), Shipper.Value.ShipAsync);

    /// <summary>As <see cref="Handle"/>, with everything around it given.</summary>
    internal static async Task<RedriveResult> HandleAsync(
        RedriveRequest request, ILambdaContext context, IAmazonS3 s3, string? bucket, Func<Memory<byte>, ILambdaContext, Task> ship)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        if (string.IsNullOrEmpty(bucket))
            throw new SettingException("FAILED_EVENTS_BUCKET is not set; expected is the name of the failure destination's bucket.");
        if (request.Max is < 1)
            throw new SettingException($"max is {request.Max}; expected is a number from 1, or none for as many as there is time for.");

        var redriven = 0;
        var failed = 0;
        var last = request.After;
        var isStopped = false;
        var list = new ListObjectsV2Request { BucketName = bucket, Prefix = request.Prefix ?? LambdaPrefix, StartAfter = request.After };
        do
        {
            var page = await s3.ListObjectsV2Async(list);
            foreach (var key in page.S3Objects?.Select(o => o.Key) ?? [])
            {
                if (isStopped || redriven + failed == request.Max || context.RemainingTime < EventTime)
                    return new RedriveResult(redriven, failed, Remaining: true, last);
                try
                {
                    await RedriveAsync(s3, bucket, key, ship, context);
                    redriven++;
                }
                catch (Exception e) when (e is DeliveryException or MalformedEventException)
                {
                    context.Logger.LogError("{Key} stays in {Bucket}: {Reason}", key, bucket, e.Message);
                    failed++;
                    isStopped = e is DeliveryException { IsStopped: true };
                }
                last = key;
            }
            list.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (list.ContinuationToken is not null);
        return new RedriveResult(redriven, failed, Remaining: false);
    }

    private static async Task RedriveAsync(
        IAmazonS3 s3, string bucket, string key, Func<Memory<byte>, ILambdaContext, Task> ship, ILambdaContext context)
    {
        var record = await ReadAsync(s3, bucket, key);
        if (record is null)
            return; // Somebody else has done it meanwhile.
        await ship(FindPayload(record), context);
        await s3.DeleteObjectAsync(bucket, key);
    }

    private static async Task<byte[]?> ReadAsync(IAmazonS3 s3, string bucket, string key)
    {
        try
        {
            using var record = await s3.GetObjectAsync(bucket, key);
            using var bytes = new MemoryStream();
            await record.ResponseStream.CopyToAsync(bytes);
            return bytes.ToArray();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    // {"version": "1.0", "requestContext": {…}, "requestPayload": <the event>, "responseContext": {…}, …}
    private static Memory<byte> FindPayload(byte[] record)
    {
        try
        {
            var reader = new Utf8JsonReader(record);
            if (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var isPayload = reader.ValueTextEquals("requestPayload"u8);
                    reader.Read();
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    if (isPayload)
                        return record.AsMemory(start, (int)reader.BytesConsumed - start);
                }
            }
            throw new MalformedEventException("The record has no requestPayload; expected is what Lambda hands to a failure destination.");
        }
        catch (JsonException)
        {
            throw new MalformedEventException("The record is not JSON; expected is what Lambda hands to a failure destination.");
        }
    }
}
