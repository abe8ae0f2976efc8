using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Company.Forwarder._1.Tests;

/// <summary>New Relic's Log API: takes the logs of a body with what they have in common, and reads a message that is JSON.</summary>
public sealed class NewRelicServer : DestinationServer
{
    public override string Choice => "newrelic";

    protected override bool IsAuthorized(HttpRequest request) => request.Path == "/log/v1" && request.Headers["Api-Key"] == Token;

    protected override IEnumerable<TakenEntry> Parse(byte[] body)
    {
        if (body.Length > 1_000_000)
            throw new InvalidDataException("New Relic would refuse the body.");
        foreach (var batch in JsonElement.Parse(body).EnumerateArray())
        {
            foreach (var entry in batch.GetProperty("logs").EnumerateArray())
            {
                var fields = Merge(batch.GetProperty("common").GetProperty("attributes"), entry.GetProperty("attributes"));
                yield return new TakenEntry(fields.GetProperty("event_id").GetString()!, ReadText(entry.GetProperty("message"), fields), fields, entry);
            }
        }
    }

    protected override DateTimeOffset? TimeOf(JsonElement entry) =>
        entry.TryGetProperty("timestamp", out var time) ? DateTimeOffset.FromUnixTimeMilliseconds(time.GetInt64()) : null;

    protected override Task AnswerAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response) => TakeHalfAsync(entries, refuses, response);

    protected override Task SucceedAsync(HttpResponse response, byte[] body) =>
        WriteAsync(response, StatusCodes.Status202Accepted, """{"requestId":"f0e7bfff-001a-b000-0000-01682bcf4565"}""");
}
