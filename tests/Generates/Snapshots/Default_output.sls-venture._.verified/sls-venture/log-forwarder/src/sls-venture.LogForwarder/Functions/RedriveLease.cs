using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Amazon.S3;
using Amazon.S3.Model;

namespace sls_venture.LogForwarder.Functions;

/// <summary>What the lease's object holds.</summary>
/// <param name="Until">When the redrive that has the lease is over, at the latest.</param>
/// <param name="After">Where the last redrive that was not finished stopped: the last key that it looked at.</param>
public sealed record RedriveState(DateTimeOffset Until, string? After);

/// <summary>
/// Makes sure that one redrive runs at a time, because two would ship the same events: an object in the bucket, which S3 lets only one
/// of two writers change. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
/// A redrive that ended without a word loses the lease when its time is over.
/// </summary>
public sealed class RedriveLease
{
    /// <summary>The object's key.</summary>
    public const string Key = "redrive/lease";

    private readonly IAmazonS3 s3;
    private readonly string bucket;
    private readonly string etag;

    private RedriveLease(IAmazonS3 s3, string bucket, string etag, string? after)
    {
        this.s3 = s3;
        this.bucket = bucket;
        this.etag = etag;
        After = after;
    }

    /// <summary>Where the last redrive stopped; null when it was finished.</summary>
    public string? After { get; }

    /// <summary>Takes the lease.</summary>
    /// <param name="s3">The client.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="time">The longest time that it is needed.</param>
    /// <returns>Null when another redrive has it.</returns>
    public static async Task<RedriveLease?> TakeAsync(IAmazonS3 s3, string bucket, TimeSpan time)
    {
        ArgumentNullException.ThrowIfNull(s3);
        var (held, heldBy) = await ReadAsync(s3, bucket);
        if (held?.Until > DateTimeOffset.UtcNow)
            return null;
        var etag = await WriteAsync(s3, bucket, new RedriveState(DateTimeOffset.UtcNow + time, held?.After), heldBy);
        return etag is null ? null : new RedriveLease(s3, bucket, etag, held?.After);
    }

    /// <summary>Gives the lease back.</summary>
    /// <param name="after">Where this redrive stopped; null: it is finished.</param>
    public Task ReleaseAsync(string? after) => WriteAsync(s3, bucket, new RedriveState(DateTimeOffset.UtcNow, after), etag);

    private static async Task<(RedriveState? State, string? ETag)> ReadAsync(IAmazonS3 s3, string bucket)
    {
        try
        {
            using var answer = await s3.GetObjectAsync(bucket, Key);
            return (await JsonSerializer.DeserializeAsync(answer.ResponseStream, RedriveStateJson.Default.RedriveState), answer.ETag);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return (null, null);
        }
    }

    // Null: another redrive was quicker.
    private static async Task<string?> WriteAsync(IAmazonS3 s3, string bucket, RedriveState state, string? etag)
    {
        var request = new PutObjectRequest
        {
            BucketName = bucket,
            Key = Key,
            ContentBody = JsonSerializer.Serialize(state, RedriveStateJson.Default.RedriveState),
            ContentType = "application/json",
            UseChunkEncoding = false,
        };
        if (etag is null)
            request.IfNoneMatch = "*";
        else
            request.IfMatch = etag;
        try
        {
            return (await s3.PutObjectAsync(request)).ETag;
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict or HttpStatusCode.NotFound)
        {
            return null;
        }
    }
}

/// <summary>The JSON of the lease.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RedriveState))]
public sealed partial class RedriveStateJson : JsonSerializerContext;
