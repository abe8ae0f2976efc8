using Amazon.Runtime;

namespace Serverless;

/// <summary>The connections of the AWS SDK: each request carries the trace on.</summary>
internal sealed class TracedHttp : HttpClientFactory
{
    /// <inheritdoc/>
    public override HttpClient CreateHttpClient(IClientConfig clientConfig) =>
        new(new Trace.Handler(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(1) }));
}
