using System.Text;
using Amazon.Lambda.Core;
using Serverless;

namespace sls_forwarder.Functions;

/// <summary>The function that log groups are subscribed to: ships the log events it is handed.</summary>
public static class Forwarder
{
    private static readonly Lazy<LogShipper> Shipper = new(() => CreateShipper(new Settings(Environment.GetEnvironmentVariable)));

    /// <summary>Checks the settings, and makes what the first event needs.</summary>
    /// <exception cref="SettingException">A setting is wrong.</exception>
    public static Task PrepareAsync()
    {
        _ = Shipper.Value;
        return Task.CompletedTask;
    }

    /// <summary>Handles an event of a CloudWatch Logs subscription. It fails, with a typed exception, if a line could not be delivered.</summary>
    public static async Task Handle(Stream input, ILambdaContext context)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var payload = new MemoryStream();
        await input.CopyToAsync(payload);
        await Shipper.Value.ShipAsync(payload.GetBuffer().AsMemory(0, (int)payload.Length), context);
    }

    /// <summary>Makes what ships the events.</summary>
    internal static LogShipper CreateShipper(Settings settings) => new(settings, CreateHttp(), Console.OpenStandardOutput());

    /// <summary>The client that all requests to the destination go through, so that connections are used again.</summary>
    internal static HttpClient CreateHttp()
    {
        var connections = new SocketsHttpHandler
        {
            // A redirect would carry the token to somewhere else.
            AllowAutoRedirect = false,
            UseCookies = false,
            // Long enough to be worth it, short enough to follow the DNS.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // A log stream's name may hold any character; the headers of .NET take ASCII only, if not told otherwise.
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        };
        return new HttpClient(new Trace.Handler(connections)) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
