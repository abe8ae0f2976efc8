using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Serverless;
using Xunit;

namespace sls_forwarder.Tests;

/// <summary>
/// 10,000 lines through everything that a destination may do to them. A line is lost if the destination does not have it and the
/// invocation has not failed for it; it is corrupted if the destination has something else.
/// </summary>
[Collection(nameof(FaultMatrix))]
public abstract class FaultMatrix(ITestOutputHelper output)
{
    private const int LineCount = 10_000;
    private const int Oversize = 4_711;

    private static readonly string[] Lines = [.. Enumerable.Range(0, LineCount).Select(Line)];
    private static readonly byte[] Event = LogsEvent.Of(Lines);

    /// <summary>A destination that has not been started.</summary>
    protected abstract DestinationServer CreateServer();

    [Fact]
    public async Task Loses_no_line_and_corrupts_none_whatever_the_destination_does()
    {
        var rows = await Task.WhenAll(
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
            RunAsync("500", server => server.Faults = n => n == 1 ? new Fault(500) : null),
            RunAsync("hang", server => server.Faults = n => n == 0 ? new Fault { Hangs = true } : null, timeout: 2, mayDuplicate: true),
            RunAsync("hang after taking", server => server.Faults = n => n == 0 ? new Fault { Hangs = true, TakesFirst = true } : null, timeout: 2, mayDuplicate: true),
            RunAsync("connection reset", server => server.Faults = n => n == 0 ? new Fault { Resets = true } : null),
            RunAsync("200, half an answer", server => server.Faults = n => n == 0 ? new Fault { Stalls = true, TakesFirst = true } : null, timeout: 3),
            RunAsync("413", server => server.LongestBody = 200_000),
            RunAsync("partial refusal", server => server.Refuses = entry => entry.EventId == LogsEvent.Id(3_000) || entry.EventId == LogsEvent.Id(9_999), mayDuplicate: !FailsOnRefusal, fails: FailsOnRefusal, expect: (_, failure) =>
                !FailsOnRefusal || failure!.Undelivered == 2 ? null : $"{failure.Undelivered} lines are reported, not the 2 refused ones"),
            RunAsync("401, rotated secret", server => server.Faults = n => { if (n == 1) server.Token = "token-2"; return null; }, rotates: true),
            RunAsync("401 for ever", server => server.Faults = _ => new Fault(401), fails: true, expect: (server, _) =>
                server.Requests.Count <= 2 ? null : "went on with credentials that are refused"),
            RunAsync("one oversize line", _ => { }, isOversize: true),
            RunAsync("deadline too near", _ => { }, remaining: 0.05, fails: true, expect: (server, failure) =>
                server.Requests.IsEmpty && failure is { Undelivered: LineCount, Reason: "the invocation's time is over" } ? null : "did not stop at once"),
            RunAsync("deadline half-way", server => server.Faults = n => n == 0 ? null : new Fault { Delay = TimeSpan.FromSeconds(5) }, remaining: 3, fails: true, small: true));

        output.WriteLine("| fault | invocation | delivered | duplicated | lost | corrupted | requests |");
        output.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var row in rows)
            output.WriteLine($"| {row.Fault} | {row.Invocation} | {row.Delivered} | {row.Duplicated} | {row.Lost} | {row.Corrupted} | {row.Requests} |");
        Assert.All(rows, row => Assert.Null(row.Wrong));
    }

    /// <summary>Whether the destination refuses single lines; if not, it times out on them once.</summary>
    protected virtual bool FailsOnRefusal => true;

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
        double timeout = 30,
        double remaining = 30)
    {
        await using var server = await DestinationServer.StartAsync(CreateServer());
        fault(server);
        await using var extension = await Loopback.StartAsync(http =>
            http.Response.WriteAsync($$$"""{"Parameter":{"Value":{{{JsonSerializer.Serialize(server.Credentials)}}}}}"""));
        var destination = server.CreateDestination();
        if (small)
            destination = new SmallBatches(destination);
        var lines = isOversize ? [.. Lines] : Lines;
        if (isOversize)
            lines[Oversize] = string.Concat(Enumerable.Repeat("übergroß \"漢字\" 🚀\n", 60_000));
        var shipper = TestShipper.Create(
            server,
            rotates ? new Dictionary<string, string> { ["DESTINATION_SECRET"] = "ssm:/acme/dev/destination", ["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"] = $"{extension.Address.Port}" } : null,
            TestShipper.Impatient with { RequestTimeout = TimeSpan.FromSeconds(timeout) },
            destination);

        DeliveryException? failure = null;
        try
        {
            await shipper.ShipAsync(isOversize ? LogsEvent.Of(lines) : [.. Event], new TestInvocation(TimeSpan.FromSeconds(remaining)));
        }
        catch (DeliveryException e)
        {
            failure = e;
        }

        var taken = server.Taken.ToList();
        var distinct = taken.DistinctBy(entry => entry.EventId).ToDictionary(entry => entry.EventId);
        var missing = LineCount - distinct.Count;
        var row = new Row(
            name,
            failure is null ? "succeeds" : $"fails: {failure.Undelivered} undelivered",
            distinct.Count,
            taken.Count - distinct.Count,
            Lost: Math.Max(0, missing - (failure?.Undelivered ?? 0)),
            Corrupted: taken.Count(entry => !IsWhole(entry, lines)),
            server.Requests.Count);
        return row with
        {
            Wrong = row.Lost > 0 ? $"{name}: {row.Lost} lines are lost"
                : row.Corrupted > 0 ? $"{name}: {row.Corrupted} lines are corrupted"
                : row.Duplicated > 0 && !mayDuplicate ? $"{name}: {row.Duplicated} lines came twice"
                : fails && failure is null ? $"{name}: the invocation should have failed"
                : !fails && failure is not null ? $"{name}: {failure.Message}"
                // Unless it runs out of time with a request under way, of which nobody can tell.
                : failure is not null && failure.Undelivered != missing && !small ? $"{name}: {failure.Undelivered} lines are reported, but {missing} are missing"
                : expect?.Invoke(server, failure) is { } wrong ? $"{name}: {wrong}"
                : null,
        };
    }

    private static bool IsWhole(TakenEntry entry, string[] lines)
    {
        var n = int.Parse(entry.EventId[^7..], CultureInfo.InvariantCulture);
        if (n >= lines.Length || entry.EventId != LogsEvent.Id(n))
            return false;
        if (lines[n].StartsWith('{'))
            return JsonElement.DeepEquals(entry.Line, JsonElement.Parse(lines[n]));

        var line = entry.Line.GetString()!;
        if (lines[n].Length < 100_000 || line == lines[n].TrimEnd())
            return line == lines[n];
        // Cut, and says by how much.
        var at = line.LastIndexOf(" [cut: ", StringComparison.Ordinal);
        return at > 0
            && lines[n].StartsWith(line[..at], StringComparison.Ordinal)
            && line[at..] == $" [cut: {Encoding.UTF8.GetByteCount(lines[n].TrimEnd()) - Encoding.UTF8.GetByteCount(line[..at])} bytes]";
    }

    private sealed record Row(string Fault, string Invocation, int Delivered, int Duplicated, int Lost, int Corrupted, int Requests)
    {
        public string? Wrong { get; init; }
    }

    // So that there is more than one batch whatever the destination takes.
    private sealed class SmallBatches(Destination destination) : Destination
    {
        public override string Name => destination.Name;

        public override BatchLimits Limits => destination.Limits with { Bytes = 500_000, EntryBytes = 500_000 };

        public override bool HasToken => destination.HasToken;

        public override string ContentType => destination.ContentType;

        public override byte[] Describe(LogSource source) => destination.Describe(source);

        public override void Write(IBufferWriter<byte> body, in LogLine line, ReadOnlySpan<byte> description) =>
            destination.Write(body, line, description);

        public override HttpRequestMessage CreateRequest(Credentials credentials, LogSource source) => destination.CreateRequest(credentials, source);

        public override Verdict Judge(HttpStatusCode status, ReadOnlyMemory<byte> body, int entries) => destination.Judge(status, body, entries);
    }
}
