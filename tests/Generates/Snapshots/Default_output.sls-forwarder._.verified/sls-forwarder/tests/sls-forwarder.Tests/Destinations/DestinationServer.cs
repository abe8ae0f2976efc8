using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace sls_forwarder.Tests;

/// <summary>One entry as the destination has taken it.</summary>
/// <param name="EventId">CloudWatch's id of the line.</param>
/// <param name="Line">The line: a JSON string, or the object that the function logged.</param>
/// <param name="Fields">What is known of the line, by name, wherever the destination has it.</param>
/// <param name="Entry">The entry as it was sent.</param>
public sealed record TakenEntry(string EventId, JsonElement Line, JsonElement Fields, JsonElement Entry)
{
    /// <summary>Which part of the line it is, from 1 on; 0: the whole.</summary>
    public int Part => Number("part");

    /// <summary>How many parts the line has; 0: it is whole.</summary>
    public int Parts => Number("parts");

    private int Number(string name) =>
        Fields.TryGetProperty(name, out var value) ? int.Parse(value.GetString()!, CultureInfo.InvariantCulture) : 0;
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
    private Loopback? server;
    private int requests;
    private int timeouts;

    /// <summary>The token that it accepts now.</summary>
    public string Token { get; set; } = "token-1";

    /// <summary>Says what happens to the n-th request, from 0; null: what should.</summary>
    public Func<int, Fault?> Faults { get; set; } = _ => null;

    /// <summary>Whether it refuses an entry; null: it takes each. Which answer that makes is the destination's own affair.</summary>
    public Func<TakenEntry, bool>? Refuses { get; set; }

    /// <summary>Entries with an older time are dropped without a word; null: none is.</summary>
    public DateTimeOffset? DropsBefore { get; set; }

    /// <summary>The longest body it takes, before compression.</summary>
    public int LongestBody { get; set; } = int.MaxValue;

    /// <summary>What it has taken, in the order of arrival.</summary>
    public IEnumerable<TakenEntry> Taken => taken.SelectMany(entries => entries.Value).Where(entry => DropsBefore is not { } limit || TimeOf(entry.Entry) is not { } time || time >= limit);

    /// <summary>What it was sent, taken or not.</summary>
    public ConcurrentQueue<ArrivedRequest> Requests { get; } = new();

    /// <summary>The connections that requests came over.</summary>
    public ConcurrentDictionary<string, bool> Connections { get; } = new();

    /// <summary>The value of the template's option that chooses it.</summary>
    public abstract string Choice { get; }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; set; } = null!;

    /// <summary>The secret by which the forwarder reaches it.</summary>
    public virtual string Credentials => $$"""{"url":"{{Address}}","token":"{{Token}}"}""";

    /// <summary>The destination of this service, listening.</summary>
    public static Task<DestinationServer> StartAsync() => StartAsync(new SplunkServer());

    /// <summary>Starts a server.</summary>
    public static async Task<DestinationServer> StartAsync(DestinationServer destination)
    {
        destination.server = await Loopback.StartAsync(destination.HandleAsync);
        destination.Address = destination.server.Address;
        return destination;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Whether the request has the right credentials.</summary>
    protected abstract bool IsAuthorized(HttpRequest request);

    /// <summary>Reads the entries of a body.</summary>
    protected abstract IEnumerable<TakenEntry> Parse(byte[] body);

    /// <summary>The time that an entry says it is of; null: it says none, and gets that of its arrival.</summary>
    protected virtual DateTimeOffset? TimeOf(JsonElement entry) => null;

    /// <summary>Takes the entries that it does not refuse, and answers.</summary>
    protected abstract Task AnswerAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response);

    /// <summary>The answer when all entries of a body are taken.</summary>
    protected abstract Task SucceedAsync(HttpResponse response, byte[] body);

    /// <summary>Forgets what it has taken and was sent.</summary>
    public void Forget()
    {
        taken.Clear();
        Requests.Clear();
    }

    /// <summary>The entries of a request.</summary>
    public IReadOnlyList<TakenEntry> EntriesOf(ArrivedRequest request) => [.. Parse(request.Body)];

    /// <summary>
    /// Answers as a destination that has no answer for single lines: the one it stumbles on makes the first request time out half-way.
    /// </summary>
    protected Task TakeHalfAsync(IReadOnlyList<TakenEntry> entries, Func<TakenEntry, bool> refuses, HttpResponse response)
    {
        var timesOut = entries.Any(refuses) && Interlocked.Increment(ref timeouts) == 1;
        Take(timesOut ? entries.Take(entries.Count / 2) : entries);
        return timesOut ? WriteAsync(response, StatusCodes.Status408RequestTimeout, "{}") : SucceedAsync(response, []);
    }

    /// <summary>One JSON object of the members of several.</summary>
    protected static JsonElement Merge(params IEnumerable<JsonElement> objects) => WriteObject(writer =>
    {
        foreach (var member in objects.SelectMany(one => one.EnumerateObject()))
            member.WriteTo(writer);
    });

    /// <summary>The JSON object of the members that are written.</summary>
    protected static JsonElement WriteObject(Action<Utf8JsonWriter> writeMembers)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writeMembers(writer);
            writer.WriteEndObject();
        }
        return JsonElement.Parse(json.WrittenSpan);
    }

    /// <summary>A line that was sent as text: the object that it holds, if it is a whole line that holds one.</summary>
    protected static JsonElement ReadText(JsonElement text, JsonElement fields)
    {
        if (!fields.TryGetProperty("part", out _) && text.GetString()!.StartsWith('{'))
        {
            try
            {
                return JsonElement.Parse(text.GetString()!);
            }
            catch (JsonException)
            {
                // Text that starts like JSON.
            }
        }
        return text;
    }

    /// <summary>Takes entries.</summary>
    protected void Take(IEnumerable<TakenEntry> entries) => taken.Enqueue(new(entries.ToList()));

    /// <summary>Answers with JSON.</summary>
    protected static Task WriteAsync(HttpResponse response, int status, string json)
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
        return response.WriteAsync(json);
    }

    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext http)
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
                await SucceedAsync(http.Response, bytes);
            }
        }
    }

    private static Task UntilAborted(HttpContext http) =>
        Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    // Parsed when a test looks at it, so that the answer does not wait.
    private void TakeLater(byte[] body) => taken.Enqueue(new(() => [.. Parse(body)]));

    /// <summary>The lines of a body, each of which must be a JSON document of its own.</summary>
    protected static List<JsonElement> Lines(byte[] body) =>
        [.. Encoding.UTF8.GetString(body).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];

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
