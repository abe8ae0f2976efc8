using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The faults, from this destination.</summary>
public sealed class ElasticsearchFaultTests(ITestOutputHelper output) : FaultMatrix(output)
{
    protected override DestinationServer CreateServer() => new ElasticsearchServer();

    protected override Destination CreateDestination() => new Elasticsearch(_ => null);

    protected override IReadOnlyList<string> NoSuccess => ["{}", """{"errors":false}""", """{"errors":false,"items":[]}""", """{"took":30,"errors":false,"items":[{"create":{"status":201}}]}""", "ok"];
}
