using System.Text;
using Amazon.Lambda.CloudWatchLogsEvents;
using Amazon.Lambda.Core;
using Amazon.S3;

namespace sls_forwarder.Functions;

/// <summary>The function that log groups are subscribed to: ships the log events it is handed.</summary>
public static class Forwarder
{
    private static readonly Lazy<LogShipper> Shipper = new(() => CreateShipper(new Settings(Environment.GetEnvironmentVariable)));

    // None in a local run.
    private static readonly Lazy<FailedEvents?> FailedEvents = new(() => Environment.GetEnvironmentVariable("FAILED_EVENTS_BUCKET") is { Length: > 0 } bucket
        ? new FailedEvents(new Lazy<IAmazonS3>(() => new AmazonS3Client()), bucket)
        : null);

    /// <summary>Checks the settings, and makes what the first event needs.</summary>
    /// <exception cref="SettingException">A setting is wrong.</exception>
    public static Task PrepareAsync()
    {
        _ = Shipper.Value;
        return Task.CompletedTask;
    }

    /// <summary>Handles an event of a CloudWatch Logs subscription. It fails, with a typed exception, if a line could not be delivered.</summary>
    public static Task Handle(Stream input, ILambdaContext context) => Shutdown.RunAsync(() => HandleAsync(input, context, Shipper.Value.ShipAsync, FailedEvents.Value));

    /// <summary>As <see cref="Handle"/>, with everything around it given.</summary>
    internal static async Task<bool> HandleAsync(
        Stream input, ILambdaContext context, Func<CloudWatchLogsEvent, ILambdaContext, FailedEvents?, Task> ship, FailedEvents? failedEvents)
    {
        try
        {
            var envelope = SubscriptionEvent.ReadEnvelope(input);
            using var decoded = envelope as DecodedEvent;
            await ship(envelope, context, failedEvents);
            return true;
        }
        catch (MalformedEventException e)
        {
            context.Logger.LogError("Malformed event: {Reason}", e.Message);
            throw;
        }
    }

    /// <summary>Makes what ships the events.</summary>
    internal static LogShipper CreateShipper(Settings settings) => new(settings, CreateHttp(), Console.OpenStandardOutput(), Shutdown.Token);

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
            // A log stream's name may hold any character; without this, .NET's headers take ASCII only.
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        };
        return new HttpClient(new Trace.Handler(connections)) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
