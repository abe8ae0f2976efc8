using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The faults, from this destination.</summary>
public sealed class NewRelicFaultTests(ITestOutputHelper output) : FaultMatrix(output)
{
    protected override DestinationServer CreateServer() => new NewRelicServer();

    protected override Destination CreateDestination() => new NewRelic(_ => null);

    protected override IReadOnlyList<string> NoSuccess => ["{}", """{"requestId":7}""", "ok", "[]"];

    protected override IReadOnlyList<int> Confirms => [202];

    protected override bool RefusesLines => false;
}
