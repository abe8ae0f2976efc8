using Microsoft.AspNetCore.Http;

namespace Company.Forwarder._1.Tests;

/// <summary>Sumo Logic's HTTP source: takes what comes, and after a timeout of its own (408) has some of it.</summary>
public sealed class SumoLogicServer : DestinationServer
{
    public override string Credentials => $$"""{"url":"{{Address}}receiver/v1/http/{{Token}}"}""";

    public override string Choice => "sumologic";

    protected override bool IsAuthorized(HttpRequest request) => request.Path == $"/receiver/v1/http/{Token}";

    protected override IEnumerable<TakenEntry> Parse(byte[] body) => Lines(body).Select(entry =>
        new TakenEntry(entry.GetProperty("event_id").GetString()!, entry.TryGetProperty("log", out var log) ? log : entry.GetProperty("message"), entry, entry));

    protected override Task AnswerAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response) => TakeHalfAsync(entries, refuses, response);

    protected override Task SucceedAsync(HttpResponse response, byte[] body) => Task.CompletedTask;
}
