using Microsoft.AspNetCore.Http;

namespace Company.Forwarder._1.Tests;

/// <summary>Logz.io's listener: takes the good lines of a body, and says how many were not good.</summary>
public sealed class LogzIoServer : DestinationServer
{
    public override string Choice => "logzio";

    protected override bool IsAuthorized(HttpRequest request) => request.Path == "/" && request.Query["token"] == Token;

    protected override IEnumerable<TakenEntry> Parse(byte[] body) => Lines(body).Select(entry =>
        new TakenEntry(entry.GetProperty("event_id").GetString()!, entry.TryGetProperty("log", out var log) ? log : entry.GetProperty("message"), entry, entry));

    protected override Task AnswerAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response)
    {
        var good = entries.Where(entry => !refuses(entry)).ToList();
        Take(good);
        return good.Count == entries.Count
            ? SucceedAsync(response, [])
            : WriteAsync(response, StatusCodes.Status400BadRequest, $$"""{"malformedLines":{{entries.Count - good.Count}},"successfulLines":{{good.Count}},"oversizedLines":0,"emptyLogLines":0}""");
    }

    protected override Task SucceedAsync(HttpResponse response, byte[] body) => Task.CompletedTask;
}
