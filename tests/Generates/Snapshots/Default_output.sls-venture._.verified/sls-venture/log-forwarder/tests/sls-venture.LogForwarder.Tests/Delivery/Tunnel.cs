using System.Net;
using System.Net.Sockets;

namespace sls_venture.LogForwarder.Tests;

/// <summary>Listens on loopback and carries what it is sent to another port of this machine, and back.</summary>
public abstract class Tunnel : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();

    /// <summary>Where it listens.</summary>
    protected int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <inheritdoc/>
    public void Dispose()
    {
        end.Cancel();
        listener.Dispose();
        end.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Prepares a connection.</summary>
    /// <returns>The stream that is carried on, and the port that it goes to; null: the connection is over.</returns>
    protected abstract Task<(Stream Stream, int Port)?> OpenAsync(Stream connection, CancellationToken end);

    /// <summary>Starts to listen.</summary>
    protected void Listen()
    {
        listener.Start();
        _ = AcceptAsync(end.Token);
    }

    private async Task AcceptAsync(CancellationToken end)
    {
        while (true)
            _ = ServeAsync(await listener.AcceptTcpClientAsync(end), end);
    }

    private async Task ServeAsync(TcpClient client, CancellationToken end)
    {
        using (client)
        {
            if (await OpenAsync(client.GetStream(), end) is not { } tunnel)
                return;
            using var server = new TcpClient();
            await server.ConnectAsync(IPAddress.Loopback, tunnel.Port, end);
            await Task.WhenAny(tunnel.Stream.CopyToAsync(server.GetStream(), end), server.GetStream().CopyToAsync(tunnel.Stream, end));
        }
    }
}
