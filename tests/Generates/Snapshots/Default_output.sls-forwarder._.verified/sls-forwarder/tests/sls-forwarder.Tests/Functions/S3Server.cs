using System.Collections.Concurrent;
using System.Security;
using Microsoft.AspNetCore.Http;
using Serverless;

namespace sls_forwarder.Tests;

/// <summary>As much of S3 as redrive needs: lists a bucket in pages of two, reads and deletes objects.</summary>
public sealed class S3Server : IAsyncDisposable
{
    private const int PageSize = 2;

    private Loopback server = null!;

    /// <summary>The objects, by bucket and key: <c>failed-events/aws/lambda/async/…</c>.</summary>
    public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

    /// <summary>Where it listens.</summary>
    public Uri Address => server.Address;

    public static async Task<S3Server> StartAsync()
    {
        var s3 = new S3Server();
        s3.server = await Loopback.StartAsync(s3.HandleAsync);
        return s3;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!.Trim('/');
        if (HttpMethods.IsGet(http.Request.Method) && http.Request.Query["list-type"] == "2")
            return http.Response.WriteAsync(List(path, http.Request.Query["prefix"]!, (string?)http.Request.Query["continuation-token"] ?? http.Request.Query["start-after"]));
        if (HttpMethods.IsGet(http.Request.Method) && Objects.TryGetValue(path, out var bytes))
            return http.Response.Body.WriteAsync(bytes).AsTask();
        if (HttpMethods.IsDelete(http.Request.Method))
            Objects.TryRemove(path, out _);
        http.Response.StatusCode = HttpMethods.IsDelete(http.Request.Method) ? 204 : 404;
        return HttpMethods.IsDelete(http.Request.Method)
            ? Task.CompletedTask
            : http.Response.WriteAsync("<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>");
    }

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
