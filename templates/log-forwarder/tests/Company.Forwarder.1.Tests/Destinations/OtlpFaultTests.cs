using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>The faults, from this destination.</summary>
public sealed class OtlpFaultTests(ITestOutputHelper output) : FaultMatrix(output)
{
    protected override DestinationServer CreateServer() => new OtlpServer();

    protected override Destination CreateDestination() => new Otlp(_ => null);

    protected override IReadOnlyList<string> NoSuccess => ["", "[]", """{"partialSuccess":[]}""", """{"partialSuccess":{"rejectedLogRecords":"many"}}""", "ok"];

    // Records are not to be sent again after a 500.
    protected override bool RetriesInternalErrors => false;

    // It does not say which records it rejects, and must not be sent them again: all that were sent with them are kept.
    protected override IReadOnlyList<int> SetAside(DestinationServer server, IReadOnlyList<int> refused)
    {
        var ids = refused.Select(LogsEvent.Id).ToList();
        return [.. server.Requests.Select(server.EntriesOf).Where(entries => entries.Any(entry => ids.Contains(entry.EventId)))
            .SelectMany(entries => entries).Select(entry => int.Parse(entry.EventId[^7..], System.Globalization.CultureInfo.InvariantCulture)).Order()];
    }
}
