using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Company.Forwarder._1.Tests;

/// <summary>Splunk's HTTP Event Collector: indexes a body's events in their order up to the first one that it refuses, and says which that is.</summary>
public sealed class SplunkServer : DestinationServer
{
    public override string Choice => "splunk";

    protected override bool IsAuthorized(HttpRequest request) =>
        request.Path == "/services/collector/event" && request.Headers.Authorization == $"Splunk {Token}";

    protected override IEnumerable<TakenEntry> Parse(byte[] body) => Documents(body).Select(entry =>
        IsValid(entry)
            ? new TakenEntry(entry.GetProperty("fields").GetProperty("event_id").GetString()!, entry.GetProperty("event"), entry.GetProperty("fields"), entry)
            : throw new InvalidDataException($"Splunk would refuse {entry}"));

    protected override Task AnswerAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response)
    {
        var good = entries.TakeWhile(entry => !refuses(entry)).ToList();
        Take(good);
        return good.Count == entries.Count
            ? SucceedAsync(response, [])
            : WriteAsync(response, StatusCodes.Status400BadRequest, $$"""{"text":"Invalid data format","code":6,"invalid-event-number":{{good.Count}}}""");
    }

    protected override Task SucceedAsync(HttpResponse response, byte[] body) => WriteAsync(response, StatusCodes.Status200OK, """{"text":"Success","code":0}""");

    private static bool IsValid(JsonElement entry) =>
        entry.GetProperty("time").ValueKind == JsonValueKind.Number
        && entry.GetProperty("fields").EnumerateObject().All(field => field.Value.ValueKind == JsonValueKind.String)
        && (entry.GetProperty("event").ValueKind == JsonValueKind.Object || entry.GetProperty("event").GetString()!.Trim().Length > 0);
}
