using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Amazon.Lambda.CloudWatchLogsEvents;
using Amazon.Lambda.Core;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace sls_forwarder.Functions;

/// <summary>What to ship again.</summary>
/// <param name="Max">At most this many events; null: as many as there is time for.</param>
/// <param name="Prefix">Only records whose keys start with this; null: all that Lambda put there.</param>
/// <param name="After">Only records whose keys come after this one, which an answer gave; null: from the first on.</param>
/// <param name="Continue">Whether to go on where the last redrive stopped, as the schedule does.</param>
public sealed record RedriveRequest(int? Max = null, string? Prefix = null, string? After = null, bool Continue = false);

/// <summary>What became of it.</summary>
/// <param name="Redriven">Events that have been delivered; their records are deleted.</param>
/// <param name="Failed">Events that have not; their records stay.</param>
/// <param name="Remaining">Whether there are records that were not looked at.</param>
/// <param name="After">If so, the last key that was: where the next call goes on, past the events that have failed.</param>
/// <param name="Note">A sentence for the caller, such as why nothing was done; null: none.</param>
public sealed record RedriveResult(int Redriven, int Failed, bool Remaining, string? After = null, string? Note = null);

/// <summary>The JSON of the two.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RedriveRequest))]
[JsonSerializable(typeof(RedriveResult))]
public sealed partial class RedriveJson : JsonSerializerContext;

/// <summary>
/// S3 failed during a redrive. The message says what was done until then, and how to go on.
/// </summary>
public sealed class RedriveException(RedriveResult result, string reason, Exception cause) : Exception(
    $"{result.Redriven} events redriven, {result.Failed} failed; then {reason}. Run redrive again to go on{(result.After is null ? "" : $", with {{\"after\":\"{result.After}\"}} to go on past the events that were looked at")}.",
    cause)
{
    /// <summary>What was done until then.</summary>
    public RedriveResult Result => result;
}

/// <summary>
/// The function that ships what the failure destination holds. Lambda writes there a JSON object for each event that failed for
/// good, under <c>aws/lambda/async/&lt;function&gt;/</c>, with the event in <c>requestPayload</c>.
/// </summary>
public static class Redrive
{
    private const string LambdaPrefix = "aws/lambda/async/";

    // The least time that an event may need: less time than this is left to the next call.
    private static readonly TimeSpan EventTime = TimeSpan.FromSeconds(15);

    private static readonly Lazy<IAmazonS3> S3 = new(() => new AmazonS3Client());

    // No log group is left out, neither its own nor one that the account's policy covers: redrive deletes an event that was shipped.
    private static readonly Lazy<LogShipper> Shipper = new(() =>
        Forwarder.CreateShipper(new Settings(Environment.GetEnvironmentVariable) { OwnLogGroup = null, Policy = AccountPolicy.None }));

    /// <summary>Ships the events again, the oldest day first, until all are done, the time is over, or the destination takes nothing for now.</summary>
    public static Task<RedriveResult> Handle(RedriveRequest request, ILambdaContext context) => Shutdown.RunAsync(() =>
        HandleAsync(request, context, S3.Value, Environment.GetEnvironmentVariable("FAILED_EVENTS_BUCKET"), Shipper.Value.ShipAsync));

    /// <summary>As <see cref="Handle"/>, with everything around it given.</summary>
    internal static async Task<RedriveResult> HandleAsync(
        RedriveRequest request, ILambdaContext context, IAmazonS3 s3, string? bucket, Func<CloudWatchLogsEvent, ILambdaContext, FailedEvents?, Task> ship)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        if (string.IsNullOrEmpty(bucket))
            throw new SettingException("FAILED_EVENTS_BUCKET is not set; must be the name of the failure destination's bucket.");
        if (request.Max is < 1)
            throw new SettingException($"max is {request.Max}; must be a number from 1, or left out for as many as there is time for.");

        var progress = new Progress { After = request.After };
        try
        {
            var lease = await RedriveLease.TakeAsync(s3, bucket, context.RemainingTime);
            if (lease is null)
                return new RedriveResult(0, 0, Remaining: true, request.After, "Another redrive is running. Run this one again when it is over.");
            if (request.Continue)
                progress.After ??= lease.After;
            try
            {
                progress.Remaining = await RedriveAllAsync(request, context, s3, bucket, ship, progress);
                return progress.Result;
            }
            finally
            {
                await lease.ReleaseAsync(progress.Result.After);
            }
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException)
        {
            var failure = new RedriveException(progress.Result, $"S3 failed{Describe(e)}", e);
            context.Logger.LogError("Redriven {Redriven}, failed {Failed}, then S3 failed{Reason}", progress.Redriven, progress.Failed, Describe(e));
            throw failure;
        }
    }

    // Returns whether there are records that were not looked at.
    private static async Task<bool> RedriveAllAsync(
        RedriveRequest request, ILambdaContext context, IAmazonS3 s3, string bucket, Func<CloudWatchLogsEvent, ILambdaContext, FailedEvents?, Task> ship, Progress progress)
    {
        var failedEvents = new FailedEvents(new Lazy<IAmazonS3>(s3), bucket);
        var isStopped = false;
        var list = new ListObjectsV2Request { BucketName = bucket, Prefix = request.Prefix ?? LambdaPrefix, StartAfter = progress.After };
        do
        {
            var page = await s3.ListObjectsV2Async(list);
            foreach (var key in page.S3Objects?.Select(o => o.Key).Where(key => key != RedriveLease.Key) ?? [])
            {
                if (isStopped || progress.Redriven + progress.Failed == request.Max || context.RemainingTime < EventTime)
                    return true;
                try
                {
                    // A line that is refused again stays in its record.
                    var isRefused = key.StartsWith(FailedEvents.RefusedPrefix, StringComparison.Ordinal);
                    await RedriveAsync(s3, bucket, key, logs => ship(logs, context, isRefused ? null : failedEvents));
                    progress.Redriven++;
                }
                catch (Exception e) when (e is DeliveryException or MalformedEventException)
                {
                    context.Logger.LogError("{Key} stays in {Bucket}: {Reason}", key, bucket, e.Message);
                    progress.Failed++;
                    isStopped = e is DeliveryException { IsStopped: true };
                }
                progress.After = key;
            }
            list.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (list.ContinuationToken is not null);
        return false;
    }

    private static async Task RedriveAsync(IAmazonS3 s3, string bucket, string key, Func<CloudWatchLogsEvent, Task> ship)
    {
        var record = await ReadAsync(s3, bucket, key);
        if (record is null)
            return; // Someone has deleted it meanwhile.
        var envelope = SubscriptionEvent.ReadEnvelope(FindPayload(record).Span);
        await ship(envelope);
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
    private static ReadOnlyMemory<byte> FindPayload(byte[] record)
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
            throw new MalformedEventException("The record has no requestPayload; expected what Lambda hands to a failure destination.");
        }
        catch (JsonException)
        {
            throw new MalformedEventException("The record is not JSON; expected what Lambda hands to a failure destination.");
        }
    }

    private static string Describe(Exception failure) => failure is AmazonServiceException { StatusCode: not 0 } answer
        ? $" ({(int)answer.StatusCode} {answer.ErrorCode})"
        : $" ({failure.GetType().Name})";

    private sealed class Progress
    {
        public int Redriven { get; set; }

        public int Failed { get; set; }

        // Until the bucket has been listed to its end, there may be more.
        public bool Remaining { get; set; } = true;

        public string? After { get; set; }

        public RedriveResult Result => new(Redriven, Failed, Remaining, Remaining ? After : null);
    }
}
