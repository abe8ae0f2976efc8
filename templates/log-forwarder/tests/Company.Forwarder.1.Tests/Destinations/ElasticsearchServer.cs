using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Company.Forwarder._1.Tests;

/// <summary>Elasticsearch's bulk API: judges each document by itself, and adds none whose id is there already.</summary>
public sealed class ElasticsearchServer : DestinationServer
{
    private readonly HashSet<string> ids = [];
    private readonly HashSet<string> asked = [];

    public override string Choice => "elasticsearch";

    /// <summary>The documents for which it has no room the first time that they come.</summary>
    public Func<TakenEntry, bool> IsBusyFor { get; set; } = _ => false;

    protected override bool IsAuthorized(HttpRequest request) =>
        request.Path == "/logs-cloudwatch-default/_bulk" && request.Headers.Authorization == $"ApiKey {Token}"
        && request.Query["filter_path"] == "errors,items.*.status,items.*.error.type";

    protected override IEnumerable<TakenEntry> Parse(byte[] body) => Lines(body).Chunk(2).Select(pair =>
        body[^1] == '\n' && IsId(pair[0].GetProperty("create").GetProperty("_id").GetString()!, pair[1])
            ? new TakenEntry(pair[1].GetProperty("event.id").GetString()!, pair[1].TryGetProperty("json", out var json) ? json : pair[1].GetProperty("message"), pair[1], pair[1])
            : throw new InvalidDataException($"Elasticsearch would refuse {pair[0]} {pair[1]}"));

    protected override Task AnswerAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response)
    {
        lock (ids)
        {
            var statuses = entries.Select(entry => (Entry: entry, Status: Status(entry, refuses))).ToList();
            Take(statuses.Where(item => item.Status == 201).Select(item => item.Entry));
            var items = statuses.Select(item => item.Status switch
            {
                400 => """{"create":{"status":400,"error":{"type":"document_parsing_exception"}}}""",
                409 => """{"create":{"status":409,"error":{"type":"version_conflict_engine_exception"}}}""",
                429 => """{"create":{"status":429,"error":{"type":"es_rejected_execution_exception"}}}""",
                _ => """{"create":{"status":201}}""",
            });
            return WriteAsync(response, StatusCodes.Status200OK, $$"""{"errors":{{(statuses.Exists(item => item.Status != 201) ? "true" : "false")}},"items":[{{string.Join(',', items)}}]}""");
        }
    }

    protected override Task SucceedAsync(HttpResponse response, byte[] body) =>
        WriteAsync(response, StatusCodes.Status200OK, $$"""{"errors":false,"items":[{{string.Join(',', Enumerable.Repeat("""{"create":{"status":201}}""", body.AsSpan().Count((byte)'\n') / 2))}}]}""");

    private static bool IsId(string id, JsonElement document) =>
        id == document.GetProperty("event.id").GetString() + (document.TryGetProperty("part", out var part) ? $"-{part.GetString()}" : "");

    private int Status(TakenEntry entry, Func<TakenEntry, bool> refuses)
    {
        var id = $"{entry.EventId}-{entry.Part}";
        return refuses(entry) ? 400
            : IsBusyFor(entry) && asked.Add(id) ? 429
            : ids.Add(id) ? 201
            : 409;
    }
}
