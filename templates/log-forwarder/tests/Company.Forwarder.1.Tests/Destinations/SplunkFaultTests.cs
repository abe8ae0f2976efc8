using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The faults, from this destination.</summary>
public sealed class SplunkFaultTests(ITestOutputHelper output) : FaultMatrix(output)
{
    protected override DestinationServer CreateServer() => new SplunkServer();
}
