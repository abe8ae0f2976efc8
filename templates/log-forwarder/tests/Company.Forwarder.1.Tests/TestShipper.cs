namespace Company.Forwarder._1.Tests;

/// <summary>Makes shippers that do not need minutes to give up, and hands them events as the function does.</summary>
public static class TestShipper
{
    /// <summary>Rules with short pauses.</summary>
    public static readonly DeliveryRules Impatient = new()
    {
        RequestTimeout = TimeSpan.FromSeconds(5),
        FirstPause = TimeSpan.FromMilliseconds(5),
        LongestPause = TimeSpan.FromMilliseconds(40),
        Margin = TimeSpan.FromMilliseconds(100),
    };

    /// <summary>The destination of this service.</summary>
    public static readonly Destination Destination = new Settings(name => name == "DESTINATION_CREDENTIALS" ? "{}" : null).Destination;

    private static readonly HttpClient Http = Functions.Forwarder.CreateHttp();

    /// <summary>Ships an event, from its JSON on.</summary>
    public static Task ShipAsync(this LogShipper shipper, byte[] payload, TestInvocation invocation, FailedEvents? failedEvents = null) =>
        Functions.Forwarder.HandleAsync(new MemoryStream(payload), invocation, shipper.ShipAsync, failedEvents);

    /// <summary>A shipper to a server, with the settings given.</summary>
    public static LogShipper Create(
        DestinationServer server,
        IReadOnlyDictionary<string, string>? settings = null,
        DeliveryRules? rules = null,
        Func<Func<string, string?>, Destination>? destination = null,
        Stream? output = null,
        CancellationTokenSource? shutdown = null,
        TimeProvider? clock = null)
    {
        string? Setting(string name) =>
            settings?.GetValueOrDefault(name) ?? name switch
            {
                "DESTINATION_CREDENTIALS" when settings?.ContainsKey("DESTINATION_SECRET") != true => server.Credentials,
                "AWS_REGION" => "ap-southeast-2",
                "AWS_LAMBDA_LOG_GROUP_NAME" => "/aws/lambda/log-forwarder-dev-forwarder",
                "STAGE" => "dev",
                _ => null,
            };

        return new LogShipper(
            new Settings(Setting, destination ?? Settings.CreateDestination)
            {
                Rules = rules ?? Impatient,
                Clock = clock ?? new StoppedClock(TimeSpan.FromMinutes(1)),
            },
            Http,
            output ?? Stream.Null,
            shutdown?.Token ?? CancellationToken.None);
    }

    /// <summary>The time so long after the first line of <see cref="LogsEvent"/>.</summary>
    public sealed class StoppedClock(TimeSpan after) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(LogsEvent.FirstTimestamp) + after;
    }
}
