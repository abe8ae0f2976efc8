using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Serverless.Testing;

/// <summary>An HTTP server on a free port of 127.0.0.1, for as long as a test needs one.</summary>
public sealed class Loopback : IAsyncDisposable
{
    private readonly WebApplication server;

    private Loopback(WebApplication server) => this.server = server;

    /// <summary>Where it listens: <c>http://127.0.0.1:&lt;port&gt;</c>.</summary>
    public Uri Address => new(server.Urls.First());

    /// <summary>Starts a server.</summary>
    /// <param name="handle">Answers a request.</param>
    public static async Task<Loopback> StartAsync(RequestDelegate handle)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        // A test does not wait for a request that its server holds back on purpose.
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        var server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        server.Run(handle);
        await server.StartAsync();
        return new Loopback(server);
    }

    /// <summary>A port of 127.0.0.1 that nothing listens on, for a server that takes its number.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => server.DisposeAsync();
}
