using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Company.Forwarder._1.Tests;

/// <summary>Sumo Logic's HTTP source: takes what comes, and after a timeout of its own (408) has some of it.</summary>
public sealed class SumoLogicServer : DestinationServer
{
    private int timeouts;

    public override string Credentials => $$"""{"url":"{{Address}}receiver/v1/http/{{Token}}"}""";

    public override Destination CreateDestination(Func<string, string?>? setting = null) => new SumoLogic(setting ?? (_ => null));

    protected override bool IsAuthorized(HttpRequest request) => request.Path == $"/receiver/v1/http/{Token}";

    protected override IEnumerable<TakenEntry> Parse(byte[] body) => Lines(body).Select(entry =>
        new TakenEntry(entry.GetProperty("event_id").GetString()!, entry.TryGetProperty("log", out var log) ? log : entry.GetProperty("message"), entry));

    // It has no answer for single lines: the one it stumbles on makes the first request time out half-way.
    protected override Task AnswerAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response)
    {
        var timesOut = entries.Any(refuses) && Interlocked.Increment(ref timeouts) == 1;
        Take(timesOut ? entries.Take(entries.Count / 2) : entries);
        return timesOut ? WriteAsync(response, StatusCodes.Status408RequestTimeout, "{}") : SucceedAsync(response);
    }

    protected override Task SucceedAsync(HttpResponse response) => Task.CompletedTask;

    // Each line must be a document of its own.
    private static IEnumerable<JsonElement> Lines(byte[] body) =>
        Encoding.UTF8.GetString(body).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line));
}
