using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The faults, from this destination.</summary>
public sealed class LokiFaultTests(ITestOutputHelper output) : FaultMatrix(output)
{
    protected override DestinationServer CreateServer() => new LokiServer();

    protected override Destination CreateDestination() => new Loki(_ => null);

    protected override IReadOnlyList<string> NoSuccess => [];

    protected override IReadOnlyList<int> Confirms => [204];
}
