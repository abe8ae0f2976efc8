using Amazon.Runtime;

namespace Serverless;

/// <summary>The connections of the AWS SDK: each request carries the trace on.</summary>
public sealed class TracedHttp : HttpClientFactory
{
    // A client that the SDK did not make has its own timeout, not the configuration's.
    /// <inheritdoc/>
    public override HttpClient CreateHttpClient(IClientConfig clientConfig) =>
        new(new Trace.Handler(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(1) }))
        {
            Timeout = clientConfig.Timeout ?? Timeout.InfiniteTimeSpan,
        };
}
