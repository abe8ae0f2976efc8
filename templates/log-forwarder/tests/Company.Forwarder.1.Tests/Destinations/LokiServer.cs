using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Company.Forwarder._1.Tests;

/// <summary>Loki's push API: takes the valid lines of a body and answers 400 if there is another; of two equal lines with the same time it keeps one.</summary>
public sealed class LokiServer : DestinationServer
{
    public override string Choice => "loki";

    protected override bool IsAuthorized(HttpRequest request) => request.Path == "/loki/api/v1/push" && request.Headers.Authorization == $"Bearer {Token}";

    protected override IEnumerable<TakenEntry> Parse(byte[] body)
    {
        foreach (var stream in JsonElement.Parse(body).GetProperty("streams").EnumerateArray())
        {
            var labels = stream.GetProperty("stream");
            if (labels.EnumerateObject().Count() is 0 or > 15)
                throw new InvalidDataException("Loki takes a stream with 1 to 15 labels.");
            var kept = new HashSet<(long, string)>();
            foreach (var entry in stream.GetProperty("values").EnumerateArray())
            {
                var fields = Merge(labels, entry[2]);
                var text = entry[1].GetString()!;
                if (Encoding.UTF8.GetByteCount(text) > 262_144 || !entry[2].EnumerateObject().All(IsMetadata))
                    throw new InvalidDataException($"Loki would refuse {entry}");
                if (kept.Add((long.Parse(entry[0].GetString()!, NumberStyles.None, CultureInfo.InvariantCulture), text)))
                    yield return new TakenEntry(fields.GetProperty("event_id").GetString()!, ReadText(entry[1], fields), fields, entry);
            }
        }
    }

    protected override Task AnswerAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response)
    {
        var good = entries.Where(entry => !refuses(entry)).ToList();
        Take(good);
        return good.Count == entries.Count ? SucceedAsync(response, []) : WriteAsync(response, StatusCodes.Status400BadRequest, "entry too far behind, the payload");
    }

    protected override Task SucceedAsync(HttpResponse response, byte[] body)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static bool IsMetadata(JsonProperty metadata) =>
        metadata.Value.ValueKind == JsonValueKind.String && metadata.Name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
