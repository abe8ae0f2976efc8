using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The faults, from this destination.</summary>
public sealed class DatadogFaultTests(ITestOutputHelper output) : FaultMatrix(output)
{
    protected override DestinationServer CreateServer() => new DatadogServer();

    protected override Destination CreateDestination() => new Datadog(_ => null);

    protected override IReadOnlyList<string> NoSuccess => ["""{"errors":["Payload is too big."]}""", "ok", "[]"];

    protected override IReadOnlyList<int> Confirms => [202];

    protected override bool RefusesLines => false;
}
