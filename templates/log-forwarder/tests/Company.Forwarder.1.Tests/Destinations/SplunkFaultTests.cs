using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The faults, from this destination.</summary>
public sealed class SplunkFaultTests(ITestOutputHelper output) : FaultMatrix(output)
{
    protected override DestinationServer CreateServer() => new SplunkServer();

    protected override Destination CreateDestination() => new Splunk(_ => null);

    protected override IReadOnlyList<string> NoSuccess => ["""{"text":"Server is busy","code":9}""", """{"text":"HEC is healthy","code":17}""", "", "[]"];
}
