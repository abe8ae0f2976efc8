using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace sls_venture.LogForwarder.Tests;

/// <summary>A proxy that opens tunnels to ports of this machine, or refuses to.</summary>
public sealed class ConnectProxy : Tunnel
{
    private readonly int status;

    private ConnectProxy(int status)
    {
        this.status = status;
        Listen();
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => new($"http://127.0.0.1:{Port}/");

    /// <summary>The first lines of what it was asked.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Starts one.</summary>
    /// <param name="status">What it answers to CONNECT.</param>
    public static ConnectProxy Start(int status) => new(status);

    /// <inheritdoc/>
    protected override async Task<(Stream Stream, int Port)?> OpenAsync(Stream connection, CancellationToken end)
    {
        var head = new StringBuilder();
        var next = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await connection.ReadAsync(next, end) == 1)
            head.Append((char)next[0]);
        var request = head.ToString().Split('\r')[0];
        Requests.Enqueue(request);
        await connection.WriteAsync(Encoding.ASCII.GetBytes(status == 200 ? "HTTP/1.1 200 Connected\r\n\r\n" : $"HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\n\r\n"), end);
        if (status != 200)
            return null;
        return (connection, int.Parse(request.Split(' ')[1].Split(':')[1], CultureInfo.InvariantCulture));
    }
}
