using Xunit;

namespace sls_forwarder.Tests;

/// <summary>The faults, from this destination.</summary>
public sealed class SplunkFaultTests(ITestOutputHelper output) : FaultMatrix(output)
{
    protected override DestinationServer CreateServer() => new SplunkServer();
}
