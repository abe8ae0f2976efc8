using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The faults, from this destination.</summary>
public sealed class LogzIoFaultTests(ITestOutputHelper output) : FaultMatrix(output)
{
    protected override DestinationServer CreateServer() => new LogzIoServer();

    protected override Destination CreateDestination() => new LogzIo(_ => null);

    protected override IReadOnlyList<string> NoSuccess => ["""{"text":"Success","code":0}""", "ok"];
}
