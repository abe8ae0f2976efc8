using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The faults, from this destination.</summary>
public sealed class SumoLogicFaultTests(ITestOutputHelper output) : FaultMatrix(output)
{
    protected override DestinationServer CreateServer() => new SumoLogicServer();

    protected override Destination CreateDestination() => new SumoLogic(_ => null);

    protected override IReadOnlyList<string> NoSuccess => ["""{"status":503,"id":"A","code":"service.unavailable"}""", """{"status":200,"id":"A","errors":[{"code":"c"}]}""", "ok"];

    protected override bool RefusesLines => false;
}
