using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The faults, from this destination.</summary>
public sealed class HttpEndpointFaultTests(ITestOutputHelper output) : FaultMatrix(output)
{
    protected override DestinationServer CreateServer() => new HttpEndpointServer();

    protected override Destination CreateDestination() => new HttpEndpoint(_ => null);

    protected override IReadOnlyList<string> NoSuccess => ["""{"text":"Success","code":0}""", "ok"];

    protected override IReadOnlyList<int> Confirms => [200, 201, 202, 204];

    protected override bool RefusesLines => false;
}
