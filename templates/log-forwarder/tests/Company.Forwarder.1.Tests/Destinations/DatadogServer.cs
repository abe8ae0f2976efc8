using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Company.Forwarder._1.Tests;

/// <summary>Datadog's log intake: takes an array of at most 1,000 entries and 5 MB.</summary>
public sealed class DatadogServer : DestinationServer
{
    public override string Choice => "datadog";

    protected override bool IsAuthorized(HttpRequest request) => request.Path == "/api/v2/logs" && request.Headers["DD-API-KEY"] == Token;

    protected override IEnumerable<TakenEntry> Parse(byte[] body)
    {
        var entries = JsonElement.Parse(body);
        return entries.GetArrayLength() <= 1_000 && body.Length <= 5_000_000
            ? entries.EnumerateArray().Select(entry =>
                new TakenEntry(entry.GetProperty("event_id").GetString()!, entry.TryGetProperty("log", out var log) ? log : entry.GetProperty("message"), entry, entry))
            : throw new InvalidDataException("Datadog would refuse the array.");
    }

    protected override DateTimeOffset? TimeOf(JsonElement entry) =>
        entry.TryGetProperty("timestamp", out var time) ? DateTimeOffset.FromUnixTimeMilliseconds(time.GetInt64()) : null;

    protected override Task AnswerAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response) => TakeHalfAsync(entries, refuses, response);

    protected override Task SucceedAsync(HttpResponse response, byte[] body) => WriteAsync(response, StatusCodes.Status202Accepted, "{}");
}
