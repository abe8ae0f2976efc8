using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The faults, from this destination.</summary>
public sealed class SumoLogicFaultTests(ITestOutputHelper output) : FaultMatrix(output)
{
    protected override DestinationServer CreateServer() => new SumoLogicServer();

    protected override bool FailsOnRefusal => false;
}
