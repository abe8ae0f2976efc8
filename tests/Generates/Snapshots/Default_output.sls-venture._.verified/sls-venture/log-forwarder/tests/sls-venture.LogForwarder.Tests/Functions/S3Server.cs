using System.Collections.Concurrent;
using System.Security;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Microsoft.AspNetCore.Http;

namespace sls_venture.LogForwarder.Tests;

/// <summary>As much of S3 as the forwarder and redrive need: lists a bucket in pages of two, reads, writes and deletes objects, and writes on a condition.</summary>
public sealed class S3Server : IAsyncDisposable
{
    private const int PageSize = 2;

    private Loopback server = null!;

    /// <summary>The objects, by bucket and key: <c>failed-events/aws/lambda/async/…</c>.</summary>
    public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

    /// <summary>The keys of the records, by bucket; not of redrive's lease.</summary>
    public IEnumerable<string> Records => Objects.Keys.Where(key => !key.EndsWith(Functions.RedriveLease.Key, StringComparison.Ordinal));

    /// <summary>Says with which status a request fails, from its method and path; null: it does not.</summary>
    public Func<string, string, int?> Fails { get; set; } = (_, _) => null;

    /// <summary>Where it listens.</summary>
    public Uri Address => server.Address;

    public static async Task<S3Server> StartAsync()
    {
        var s3 = new S3Server();
        s3.server = await Loopback.StartAsync(s3.HandleAsync);
        return s3;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    /// <summary>A client of it, which does not try again.</summary>
    public AmazonS3Client CreateClient() =>
        new(new BasicAWSCredentials("test", "test"), new AmazonS3Config { ServiceURL = Address.ToString(), ForcePathStyle = true, MaxErrorRetry = 0 });

    private async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!.Trim('/');
        if (Fails(http.Request.Method, path) is { } status)
        {
            http.Response.StatusCode = status;
            await http.Response.WriteAsync("<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>");
        }
        else if (HttpMethods.IsPut(http.Request.Method))
            await PutAsync(http, path);
        else
            await AnswerAsync(http, path);
    }

    // If-None-Match: * writes only what is not there, If-Match only what has not changed.
    private async Task PutAsync(HttpContext http, string path)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        lock (Objects)
        {
            var current = Objects.TryGetValue(path, out var bytes) ? ETag(bytes) : null;
            var isAllowed = http.Request.Headers.IfNoneMatch == "*" ? current is null
                : http.Request.Headers.IfMatch.Count == 0 || http.Request.Headers.IfMatch == current;
            if (isAllowed)
            {
                Objects[path] = body.ToArray();
                http.Response.Headers.ETag = ETag(Objects[path]);
                return;
            }
        }
        http.Response.StatusCode = StatusCodes.Status412PreconditionFailed;
        await http.Response.WriteAsync("<Error><Code>PreconditionFailed</Code><Message>At least one of the pre-conditions you specified did not hold</Message></Error>");
    }

    private Task AnswerAsync(HttpContext http, string path)
    {
        if (HttpMethods.IsGet(http.Request.Method) && http.Request.Query["list-type"] == "2")
            return http.Response.WriteAsync(List(path, http.Request.Query["prefix"]!, (string?)http.Request.Query["continuation-token"] ?? http.Request.Query["start-after"]));
        if (HttpMethods.IsGet(http.Request.Method) && Objects.TryGetValue(path, out var bytes))
        {
            http.Response.Headers.ETag = ETag(bytes);
            return http.Response.Body.WriteAsync(bytes).AsTask();
        }
        if (HttpMethods.IsDelete(http.Request.Method))
            Objects.TryRemove(path, out _);
        http.Response.StatusCode = HttpMethods.IsDelete(http.Request.Method) ? 204 : 404;
        return HttpMethods.IsDelete(http.Request.Method)
            ? Task.CompletedTask
            : http.Response.WriteAsync("<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>");
    }

    private static string ETag(byte[] bytes) => $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..32]}\"";

    private string List(string bucket, string prefix, string? after)
    {
        var keys = Objects.Keys
            .Where(name => name.StartsWith($"{bucket}/{prefix}", StringComparison.Ordinal))
            .Select(name => name[(bucket.Length + 1)..])
            .Where(key => string.CompareOrdinal(key, after) > 0)
            .Order(StringComparer.Ordinal)
            .ToList();
        var page = keys.Take(PageSize).ToList();
        var more = keys.Count > PageSize;
        return $"""
            <?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{bucket}</Name><Prefix>{SecurityElement.Escape(prefix)}</Prefix><KeyCount>{page.Count}</KeyCount><MaxKeys>{PageSize}</MaxKeys><IsTruncated>{(more ? "true" : "false")}</IsTruncated>{(more ? $"<NextContinuationToken>{SecurityElement.Escape(page[^1])}</NextContinuationToken>" : "")}{string.Concat(page.Select(key => $"<Contents><Key>{SecurityElement.Escape(key)}</Key><LastModified>2026-11-22T12:00:00.000Z</LastModified><ETag>&quot;0&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>"))}</ListBucketResult>
            """;
    }
}
