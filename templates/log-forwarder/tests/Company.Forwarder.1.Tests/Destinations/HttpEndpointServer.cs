using Microsoft.AspNetCore.Http;

namespace Company.Forwarder._1.Tests;

/// <summary>An endpoint that takes newline-delimited JSON and confirms with 200 and an empty body.</summary>
public sealed class HttpEndpointServer : DestinationServer
{
    public override string Choice => "http";

    public override string Credentials => $$"""{"url":"{{Address}}ingest","token":"{{Token}}"}""";

    protected override bool IsAuthorized(HttpRequest request) => request.Path == "/ingest" && request.Headers.Authorization == $"Bearer {Token}";

    protected override IEnumerable<TakenEntry> Parse(byte[] body) => Lines(body).Select(entry =>
        new TakenEntry(entry.GetProperty("event_id").GetString()!, entry.TryGetProperty("log", out var log) ? log : entry.GetProperty("message"), entry, entry));

    protected override Task AnswerAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response) => TakeHalfAsync(entries, refuses, response);

    protected override Task SucceedAsync(HttpResponse response, byte[] body) => Task.CompletedTask;
}
