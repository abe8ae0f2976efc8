using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace sls_forwarder.Tests;

/// <summary>One entry as the destination has taken it.</summary>
/// <param name="EventId">CloudWatch's id of the line.</param>
/// <param name="Line">The line: a JSON string, or the object that the function logged.</param>
/// <param name="Entry">The entry as a whole.</param>
public sealed record TakenEntry(string EventId, JsonElement Line, JsonElement Entry)
{
    /// <summary>Which part of the line it is, from 1 on; 0: the whole.</summary>
    public int Part => Number("part");

    /// <summary>How many parts the line has; 0: it is whole.</summary>
    public int Parts => Number("parts");

    private int Number(string name) =>
        (Entry.TryGetProperty("fields", out var fields) ? fields : Entry).TryGetProperty(name, out var value) ? int.Parse(value.GetString()!, CultureInfo.InvariantCulture) : 0;
}

/// <summary>One request as it arrived.</summary>
public sealed record ArrivedRequest(string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body, DateTimeOffset Time);

/// <summary>What the server does to a request instead of taking it.</summary>
/// <param name="Status">Answers with this status and takes nothing.</param>
public sealed record Fault(int Status = 0)
{
    /// <summary>The answer's body; null: one of an overloaded server.</summary>
    public string? Body { get; init; }

    /// <summary>The <c>Retry-After</c> of the answer.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>Never answers.</summary>
    public bool Hangs { get; init; }

    /// <summary>Breaks the connection off.</summary>
    public bool Resets { get; init; }

    /// <summary>Takes the entries all the same, before it breaks off or hangs.</summary>
    public bool TakesFirst { get; init; }

    /// <summary>Says 200, and stops in the middle of the answer's body.</summary>
    public bool Stalls { get; init; }

    /// <summary>Answers as always, but so much later.</summary>
    public TimeSpan Delay { get; init; }
}

/// <summary>A destination on loopback: speaks its protocol, refuses what the real one refuses, and can be told to fail.</summary>
public abstract class DestinationServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<Lazy<IReadOnlyList<TakenEntry>>> taken = new();
    private Loopback server = null!;
    private int requests;

    /// <summary>The token that it accepts now.</summary>
    public string Token { get; set; } = "token-1";

    /// <summary>Says what happens to the n-th request, from 0; null: what should.</summary>
    public Func<int, Fault?> Faults { get; set; } = _ => null;

    /// <summary>Whether it refuses an entry; null: it takes each. Which answer that makes is the destination's own affair.</summary>
    public Func<TakenEntry, bool>? Refuses { get; set; }

    /// <summary>The longest body it takes, before compression.</summary>
    public int LongestBody { get; set; } = int.MaxValue;

    /// <summary>What it has taken, in the order of arrival.</summary>
    public IEnumerable<TakenEntry> Taken => taken.SelectMany(entries => entries.Value);

    /// <summary>What it was sent, taken or not.</summary>
    public ConcurrentQueue<ArrivedRequest> Requests { get; } = new();

    /// <summary>The connections that requests came over.</summary>
    public ConcurrentDictionary<string, bool> Connections { get; } = new();

    /// <summary>Where it listens.</summary>
    public Uri Address => server.Address;

    /// <summary>The secret by which the forwarder reaches it.</summary>
    public abstract string Credentials { get; }

    /// <summary>The forwarder's side of it.</summary>
    public abstract Destination CreateDestination(Func<string, string?>? setting = null);

    /// <summary>The destination of this service, listening.</summary>
    public static Task<DestinationServer> StartAsync() =>
        StartAsync(new SplunkServer());

    /// <summary>Starts a server.</summary>
    public static async Task<DestinationServer> StartAsync(DestinationServer destination)
    {
        destination.server = await Loopback.StartAsync(destination.HandleAsync);
        return destination;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Whether the request has the right credentials.</summary>
    protected abstract bool IsAuthorized(HttpRequest request);

    /// <summary>Reads the entries of a body.</summary>
    protected abstract IEnumerable<TakenEntry> Parse(byte[] body);

    /// <summary>Takes the entries that it does not refuse, and answers.</summary>
    protected abstract Task AnswerAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response);

    /// <summary>The answer when all entries are taken.</summary>
    protected abstract Task SucceedAsync(HttpResponse response);

    /// <summary>Takes entries.</summary>
    protected void Take(IEnumerable<TakenEntry> entries) => taken.Enqueue(new(entries.ToList()));

    /// <summary>Answers with JSON.</summary>
    protected static Task WriteAsync(HttpResponse response, int status, string json)
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
        return response.WriteAsync(json);
    }

    private async Task HandleAsync(HttpContext http)
    {
        Connections[http.Connection.Id] = true;
        using var received = new MemoryStream();
        await http.Request.Body.CopyToAsync(received);
        received.Position = 0;
        var body = new MemoryStream();
        if (http.Request.Headers.ContentEncoding == "gzip")
            await new GZipStream(received, CompressionMode.Decompress).CopyToAsync(body);
        else
            await received.CopyToAsync(body);
        var bytes = body.ToArray();
        Requests.Enqueue(new ArrivedRequest(
            http.Request.Path + http.Request.QueryString.Value,
            http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            bytes,
            DateTimeOffset.UtcNow));

        var fault = Faults(Interlocked.Increment(ref requests) - 1);
        if (fault is { TakesFirst: true })
            TakeLater(bytes);
        if (fault is { Hangs: true })
            await UntilAborted(http);
        else if (fault is { Resets: true })
            http.Abort();
        else if (fault is { Stalls: true })
        {
            http.Response.ContentLength = 100;
            await http.Response.WriteAsync("{");
            await http.Response.Body.FlushAsync();
            await UntilAborted(http);
        }
        else if (fault is { Status: > 0 })
        {
            if (fault.RetryAfter is not null)
                http.Response.Headers.RetryAfter = fault.RetryAfter;
            await WriteAsync(http.Response, fault.Status, fault.Status == StatusCodes.Status204NoContent ? "" : fault.Body ?? """{"text":"Server is busy","code":9}""");
        }
        else
        {
            if (fault is { Delay: var delay })
                await Task.Delay(delay);
            if (!IsAuthorized(http.Request))
                await WriteAsync(http.Response, StatusCodes.Status401Unauthorized, """{"text":"Invalid authorization","code":3}""");
            else if (body.Length > LongestBody)
                await WriteAsync(http.Response, StatusCodes.Status413PayloadTooLarge, "{}");
            else if (Refuses is not null)
                await AnswerAsync([.. Parse(bytes)], Refuses, http.Response);
            else
            {
                TakeLater(bytes);
                await SucceedAsync(http.Response);
            }
        }
    }

    private static Task UntilAborted(HttpContext http) =>
        Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    // Parsed when a test looks at it, so that the answer does not wait.
    private void TakeLater(byte[] body) => taken.Enqueue(new(() => [.. Parse(body)]));

    /// <summary>Splits a body into the JSON documents in it, whatever stands between them.</summary>
    protected static IEnumerable<JsonElement> Documents(byte[] body)
    {
        var documents = new List<JsonElement>();
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { AllowMultipleValues = true });
        while (reader.Read())
            documents.Add(JsonElement.ParseValue(ref reader));
        return documents;
    }
}
