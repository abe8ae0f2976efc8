using Amazon.Runtime;

namespace Serverless;

/// <summary>The connections of the AWS SDK: each request carries the trace on.</summary>
public sealed class TracedHttp : HttpClientFactory
{
    // Those of all clients, so that the first call finds what was opened before it.
    private static readonly SocketsHttpHandler Connections = new() { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(1) };

    // A client that the SDK did not make has its own timeout, not the configuration's.
    /// <inheritdoc/>
    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(new Trace.Handler(Connections), disposeHandler: false)
    {
        Timeout = clientConfig.Timeout ?? Timeout.InfiniteTimeSpan,
    };

    /// <summary>Opens a connection to a server, by asking for something that needs no rights.</summary>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    internal static async Task ConnectAsync(Uri server, CancellationToken cancellationToken)
    {
        using var http = new HttpMessageInvoker(Connections, disposeHandler: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, server);
        using var response = await http.SendAsync(request, cancellationToken);
        // A connection is kept when its answer was read.
        await response.Content.CopyToAsync(Stream.Null, cancellationToken);
    }
}
