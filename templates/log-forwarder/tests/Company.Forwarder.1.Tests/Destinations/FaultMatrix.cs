using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Amazon.S3;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>
/// 10,000 lines through everything that a destination may do to them. A line is lost if the destination does not have it, the
/// invocation has not failed for it and it was not set aside; it is corrupted if the destination has another text.
/// </summary>
[Collection(nameof(FaultMatrix))]
public abstract class FaultMatrix(ITestOutputHelper output)
{
    private const int LineCount = 10_000;
    private const int Oversize = 4_711;
    private const string LoginPage = "<!DOCTYPE html><html><body><form>Sign in</form></body></html>";

    private static readonly DateTimeOffset Old = DateTimeOffset.FromUnixTimeMilliseconds(LogsEvent.FirstTimestamp) + TimeSpan.FromDays(20);
    private static readonly int[] Successes = [201, 202, 204];
    private static readonly int[] Refused = [3_000, 9_999];

    /// <summary>The lines of each event.</summary>
    internal static readonly string[] Lines = [.. Enumerable.Range(0, LineCount).Select(Line)];

    private static readonly byte[] Event = LogsEvent.Of(Lines);

    /// <summary>A destination that has not been started.</summary>
    protected abstract DestinationServer CreateServer();

    /// <summary>The forwarder's side of it.</summary>
    protected abstract Destination CreateDestination();

    /// <summary>The statuses with which it says that it has the lines.</summary>
    protected virtual IReadOnlyList<int> Confirms => [200];

    /// <summary>Whether a request that it answers with 500 may be sent again.</summary>
    protected virtual bool RetriesInternalErrors => true;

    /// <summary>Which lines are set aside when it refuses two of an event.</summary>
    protected virtual IReadOnlyList<int> SetAside(DestinationServer server, IReadOnlyList<int> refused) => refused;

    [Fact]
    public async Task Loses_no_line_and_corrupts_none_whatever_the_destination_does()
    {
        var otherStatuses = Successes.Except(Confirms).Select(status =>
            RunAsync($"{status}", server => server.Faults = n => n == 0 ? new Fault(status) { Body = "" } : null));
        var loginPages = Confirms.Where(status => status is not (200 or 204)).Select(status =>
            RunAsync($"{status}, a login page", server => server.Faults = n => n == 0 ? new Fault(status) { Body = LoginPage } : null));
        var rows = await Task.WhenAll([.. otherStatuses, .. loginPages,
            RunAsync("nothing", _ => { }),
            RunAsync("429, Retry-After: 1", server => server.Faults = n => n == 0 ? new Fault(429) { RetryAfter = "1" } : null, expect: (server, _) =>
            {
                var times = server.Requests.Select(r => r.Time).ToList();
                return times[1] - times[0] > TimeSpan.FromMilliseconds(950) ? null : "did not wait for the second that was asked for";
            }),
            RunAsync("429, Retry-After: 3600", server => server.Faults = _ => new Fault(429) { RetryAfter = "3600" }, fails: true, expect: (server, _) =>
                server.Requests.Count == 1 ? null : "sent again before the hour was over"),
            RunAsync("429, Retry-After: 0, for ever", server => server.Faults = _ => new Fault(429) { RetryAfter = "0" }, fails: true, expect: (server, _) =>
                server.Requests.Count == TestShipper.Impatient.Attempts ? null : "sent another batch right after it was asked to wait"),
            RunAsync("503 twice", server => server.Faults = n => n < 2 ? new Fault(503) : null),
            RunAsync("503 for ever", server => server.Faults = _ => new Fault(503), fails: true),
            RunAsync("500", server => server.Faults = n => n == 1 ? new Fault(500) : null, fails: !RetriesInternalErrors),
            RunAsync("hang", server => server.Faults = n => n == 0 ? new Fault { Hangs = true } : null, timeout: 2, mayDuplicate: true),
            RunAsync("hang after taking", server => server.Faults = n => n == 0 ? new Fault { Hangs = true, TakesFirst = true } : null, timeout: 2, mayDuplicate: true),
            RunAsync("connection reset", server => server.Faults = n => n == 0 ? new Fault { Resets = true } : null),
            RunAsync("200, half an answer", server => server.Faults = n => n == 0 ? new Fault { Stalls = true, TakesFirst = true } : null, timeout: 3, mayDuplicate: true),
            RunAsync("200, a login page", server => server.Faults = n => n == 0 ? new Fault(200) { Body = LoginPage } : null),
            RunAsync("200, a login page for ever", server => server.Faults = _ => new Fault(200) { Body = LoginPage }, fails: true, expect: (_, failure) =>
                failure!.Reason.StartsWith("200, which is not how", StringComparison.Ordinal) ? null : failure.Reason),
            RunAsync("200, {\"error\":…}", server => server.Faults = n => n == 0 ? new Fault(200) { Body = """{"error":"quota exceeded"}""" } : null),
            RunAsync($"{Confirms[0]}, every other answer that is no success", server => server.Faults = n => n < NoSuccess.Count ? new Fault(Confirms[0]) { Body = NoSuccess[n] } : null),
            RunAsync("302 to a login page", server => server.Faults = _ => new Fault(302) { Body = LoginPage }, fails: true),
            RunAsync("control characters in the log group's and stream's names", _ => { }, names: ("/acme/a\r\nX-Injected: 1\r\n\r\nb", "s\nX-Injected: 2\u0000\u007f\u0085"), expect: (server, _) =>
                server.Requests.Any(request => request.Headers.ContainsKey("X-Injected")) ? "a header was injected" : null),
            RunAsync("a line break in the secret", server => server.Token = """token\r\nX-Injected: 3""", fails: true, expect: (server, failure) =>
                server.Requests.IsEmpty && failure!.Reason.Contains("store it again without that character", StringComparison.Ordinal) && !failure.Reason.Contains("X-Injected", StringComparison.Ordinal) ? null : failure!.Reason),
            RunAsync("413", server => server.LongestBody = 200_000),
            RunAsync("refusal of two lines", server => server.Refuses = entry => Refused.Any(line => entry.EventId == LogsEvent.Id(line)), mayDuplicate: true, sets: RefusesLines ? Refused : []),
            RunAsync("401, rotated secret", server => server.Faults = n => { if (n == 1) server.Token = "token-2"; return null; }, rotates: true),
            RunAsync("401 for ever", server => server.Faults = _ => new Fault(401), fails: true, expect: (server, _) =>
                server.Requests.Count <= 2 ? null : "went on with credentials that are refused"),
            RunAsync("one oversize line", _ => { }, isOversize: true),
            RunAsync("deadline too near", _ => { }, remaining: 0.05, fails: true, expect: (server, failure) =>
                server.Requests.IsEmpty && failure is { Undelivered: LineCount, Reason: "the invocation's time is over" } ? null : "did not stop at once"),
            RunAsync("deadline half-way", server => server.Faults = n => n == 0 ? null : new Fault { Delay = TimeSpan.FromSeconds(5) }, remaining: 3, fails: true, small: true),
            RunAsync("lines older than the destination takes", server => server.DropsBefore = Old - CreateDestination().OldestLine, clock: Old)]);

        output.WriteLine("| fault | invocation | delivered | duplicated | lost | corrupted | requests |");
        output.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var row in rows)
            output.WriteLine($"| {row.Fault} | {row.Invocation} | {row.Delivered} | {row.Duplicated} | {row.Lost} | {row.Corrupted} | {row.Requests} |");
        Assert.All(rows, row => Assert.Null(row.Wrong));
    }

    /// <summary>Whether the destination refuses single lines; if not, it times out on them once.</summary>
    protected virtual bool RefusesLines => true;

    /// <summary>Bodies with which a 200 of this destination does not say that it has the lines.</summary>
    protected abstract IReadOnlyList<string> NoSuccess { get; }

    private static string Line(int n) => (n % 5) switch
    {
        0 => $$"""{"timestamp":"2026-11-22T12:00:00.000Z","level":"Information","requestId":"8f6b1c2a-0000-4000-8000-{{n / 50:000000000000}}","traceId":"Root=1-69219a2e-{{n / 50:000000000000000000000000}};Parent=53995c3f42cd8ad8;Sampled=1","message":"Order {{n}} – «größer» 漢字 🚀","Total":{{n}},"Items":[{"Sku":"é\u0001\\","Count":2}]}""",
        1 => $"2026-11-22T12:00:00.000Z\t8f6b1c2a-0000-4000-8000-{n / 50:000000000000}\tinfo\tZeile {n}: Straße, 漢字, 🚀 und \"Anführung\"",
        2 => $"line {n} with a back\\slash, a \t tab, a \u0001 control character and 日本語テキスト",
        3 => $"multi-line {n}\n  at Größe.Of(漢字)\r\n  at 🚀.Launch()",
        _ => $"plain {n} " + new string('x', n % 200),
    };

    private async Task<Row> RunAsync(
        string name,
        Action<DestinationServer> fault,
        Func<DestinationServer, DeliveryException?, string?>? expect = null,
        bool fails = false,
        bool mayDuplicate = false,
        bool rotates = false,
        bool isOversize = false,
        bool small = false,
        (string LogGroup, string LogStream)? names = null,
        IReadOnlyList<int>? sets = null,
        DateTimeOffset? clock = null,
        double timeout = 30,
        double remaining = 30)
    {
        await using var server = await DestinationServer.StartAsync(CreateServer());
        fault(server);
        await using var extension = await Loopback.StartAsync(http =>
            http.Response.WriteAsync($$$"""{"Parameter":{"Value":{{{JsonSerializer.Serialize(server.Credentials)}}}}}"""));
        await using var s3 = await S3Server.StartAsync();
        using var client = s3.CreateClient();
        var lines = isOversize ? [.. Lines] : Lines;
        if (isOversize)
            lines[Oversize] = string.Concat(Enumerable.Repeat("übergroß \"漢字\" 🚀\n", 60_000));
        var shipper = TestShipper.Create(
            server,
            rotates ? new Dictionary<string, string> { ["DESTINATION_SECRET"] = "ssm:/acme/dev/destination", ["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"] = $"{extension.Address.Port}" } : null,
            TestShipper.Impatient with { RequestTimeout = TimeSpan.FromSeconds(timeout) },
            _ => small ? new SmallBatches(CreateDestination()) : CreateDestination(),
            clock: clock is { } now ? new TestShipper.StoppedClock(now - DateTimeOffset.FromUnixTimeMilliseconds(LogsEvent.FirstTimestamp)) : null);

        DeliveryException? failure = null;
        try
        {
            var payload = names is { } given ? LogsEvent.Pack(LogsEvent.Json(lines, given.LogGroup, given.LogStream)) : isOversize ? LogsEvent.Of(lines) : Event;
            await shipper.ShipAsync(payload, new TestInvocation(TimeSpan.FromSeconds(remaining)), new FailedEvents(new Lazy<IAmazonS3>(client), "failed-events"));
        }
        catch (DeliveryException e)
        {
            failure = e;
        }

        var taken = server.Taken.ToList();
        var distinct = taken.DistinctBy(entry => (entry.EventId, entry.Part)).GroupBy(entry => entry.EventId).ToDictionary(line => line.Key, line => line.ToList());
        var setAside = s3.Records.SelectMany(record => LinesOf(s3.Objects[record])).ToList();
        var missing = LineCount - distinct.Keys.Concat(setAside.Select(line => LogsEvent.Id(line.Number))).Distinct().Count();
        var row = new Row(
            name,
            failure is null ? "succeeds" : $"fails: {failure.Undelivered} undelivered",
            distinct.Count,
            taken.Count - distinct.Values.Sum(parts => parts.Count),
            Lost: Math.Max(0, missing - (failure?.Undelivered ?? 0)),
            Corrupted: distinct.Values.Count(parts => !IsWhole(parts, lines)) + setAside.Count(line => line.Message != lines[line.Number]),
            server.Requests.Count);
        return row with
        {
            Wrong = row.Lost > 0 ? $"{name}: {row.Lost} lines are lost"
                : row.Corrupted > 0 ? $"{name}: {row.Corrupted} lines are corrupted"
                : row.Duplicated > 0 && !mayDuplicate ? $"{name}: {row.Duplicated} lines came twice"
                : fails && failure is null ? $"{name}: the invocation should have failed"
                : !fails && failure is not null ? $"{name}: {failure.Message}"
                // Unless it runs out of time with a request under way: whether that one arrived cannot be known.
                : failure is not null && failure.Undelivered != missing && !small ? $"{name}: {failure.Undelivered} lines are reported, but {missing} are missing"
                : !setAside.Select(line => line.Number).SequenceEqual(sets is null ? [] : SetAside(server, sets)) ? $"{name}: set aside were {string.Join(", ", setAside.Select(line => line.Number))}"
                : expect?.Invoke(server, failure) is { } wrong ? $"{name}: {wrong}"
                : null,
        };
    }

    /// <summary>Whether the entries of a line, in parts or not, are the line.</summary>
    internal static bool IsWhole(List<TakenEntry> parts, string[] lines)
    {
        var n = Number(parts[0].EventId);
        if (n >= lines.Length || parts[0].EventId != LogsEvent.Id(n))
            return false;
        if (parts[0].Parts > 0)
            return parts.Select(part => part.Part).Order().SequenceEqual(Enumerable.Range(1, parts[0].Parts))
                && string.Concat(parts.OrderBy(part => part.Part).Select(part => part.Line.GetString())) == lines[n].TrimEnd();
        return lines[n].StartsWith('{')
            ? JsonElement.DeepEquals(parts[0].Line, JsonElement.Parse(lines[n]))
            : parts[0].Line.GetString() == lines[n].TrimEnd('\n');
    }

    private static int Number(string eventId) => int.Parse(eventId[^7..], CultureInfo.InvariantCulture);

    /// <summary>The lines of a record: their places in the event, and their text.</summary>
    internal static IEnumerable<(int Number, string Message)> LinesOf(byte[] record)
    {
        using var json = JsonDocument.Parse(record);
        using var logs = JsonDocument.Parse(LogsEvent.Unpack(Encoding.UTF8.GetBytes(json.RootElement.GetProperty("requestPayload").GetRawText())));
        return [.. logs.RootElement.GetProperty("logEvents").EnumerateArray().Select(line => (Number(line.GetProperty("id").GetString()!), line.GetProperty("message").GetString()!))];
    }

    private sealed record Row(string Fault, string Invocation, int Delivered, int Duplicated, int Lost, int Corrupted, int Requests)
    {
        public string? Wrong { get; init; }
    }

    // So that there is more than one batch whatever the destination takes.
    private sealed class SmallBatches(Destination destination) : Destination
    {
        public override string Name => destination.Name;

        public override BatchLimits Limits => destination.Limits with { Bytes = 500_000, EntryBytes = Math.Min(500_000, destination.Limits.EntryBytes) };

        public override bool HasToken => destination.HasToken;

        public override TimeSpan? OldestLine => destination.OldestLine;

        public override int LongestAnswer => destination.LongestAnswer;

        public override Envelope? Enclose(LogSource source) => destination.Enclose(source);

        public override string ContentType => destination.ContentType;

        public override byte[] Describe(LogSource source) => destination.Describe(source);

        public override void Write(PooledBuffer body, in LogLine line, ReadOnlySpan<byte> description) =>
            destination.Write(body, line, description);

        public override HttpRequestMessage CreateRequest(Credentials credentials, LogSource source) => destination.CreateRequest(credentials, source);

        public override Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries) => destination.Judge(status, body, entries);
    }
}
