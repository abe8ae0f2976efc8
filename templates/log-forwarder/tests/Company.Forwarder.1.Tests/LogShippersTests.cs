using System.Text;
using System.Text.Json;
using Amazon.S3;
using Company.Forwarder._1.Functions;
using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>Two destinations: whatever happens to one, the other gets each line once.</summary>
public sealed class LogShippersTests(ITestOutputHelper output)
{
    private const string LoginPage = "<!DOCTYPE html><html><body><form>Sign in</form></body></html>";

    private static readonly string[] Lines = FaultMatrix.Lines[..1_000];

    /// <summary>Each destination as the one that works, and each as the one that does not.</summary>
    public static TheoryData<string, string> Pairs => new(DestinationChoice.All.Select((choice, n) => (choice.Name, DestinationChoice.All[(n + 1) % DestinationChoice.All.Count].Name)));

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Ships_each_line_once_to_the_one_whatever_the_other_does(string healthy, string faulty)
    {
        var rows = await Task.WhenAll(
            RunAsync("nothing", _ => { }),
            RunAsync("503 for ever", server => server.Faults = _ => new Fault(503)),
            RunAsync("503 after the first batch", server => server.Faults = n => n == 0 ? null : new Fault(503), FaultMatrix.Lines),
            RunAsync("500 for ever", server => server.Faults = _ => new Fault(500)),
            RunAsync("429, Retry-After: 3600", server => server.Faults = _ => new Fault(429) { RetryAfter = "3600" }),
            RunAsync("401 for ever", server => server.Faults = _ => new Fault(401)),
            RunAsync("302 to a login page", server => server.Faults = _ => new Fault(302) { Body = LoginPage }),
            RunAsync("200, a login page for ever", server => server.Faults = _ => new Fault(200) { Body = LoginPage }),
            RunAsync("hang for ever", server => server.Faults = _ => new Fault { Hangs = true }),
            RunAsync("hang for ever after taking", server => server.Faults = _ => new Fault { Hangs = true, TakesFirst = true }),
            RunAsync("200, half an answer for ever", server => server.Faults = _ => new Fault { Stalls = true, TakesFirst = true }),
            RunAsync("connection reset for ever", server => server.Faults = _ => new Fault { Resets = true }),
            RunAsync("refusal of two lines", server => server.Refuses = entry => entry.EventId == LogsEvent.Id(300) || entry.EventId == LogsEvent.Id(999)),
            RunAsync("a line break in the secret", server => server.Token = """token\r\nX-Injected: 3"""));

        output.WriteLine($"| {faulty} | kept for it | refused by it | lost | corrupted | {healthy}: lost | duplicated | corrupted |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var row in rows)
            output.WriteLine(row.Text);
        Assert.All(rows, row => Assert.Null(row.Wrong));

        Task<Row> RunAsync(string name, Action<DestinationServer> fault, string[]? lines = null) => ShipAndRedriveAsync(name, healthy, faulty, fault, lines ?? Lines);
    }

    [Fact]
    public async Task Keeps_what_one_did_not_take_in_a_record_for_that_one()
    {
        await using var pair = await Pair.StartAsync();
        using var output = new MemoryStream();
        pair.Second.Faults = _ => new Fault(503);
        var invocation = new TestInvocation();
        await pair.Create(output).ShipAsync(EnvelopeOf("a", "b", "c"), invocation, pair.FailedEvents);

        Assert.Equal(["a", "b", "c"], pair.First.Taken.Select(entry => entry.Line.GetString()));
        var (key, record) = Assert.Single(pair.S3.Objects);
        Assert.Matches($"^failed-events/failed/{pair.SecondChoice.Name}/{invocation.FunctionName}/[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}}/{invocation.AwsRequestId}-{LogsEvent.Id(0)}$", key);
        var json = JsonElement.Parse(record);
        Assert.Equal((pair.SecondChoice.Name, "NotDeliveredToDestination"), (json.GetProperty("destination").GetString(), json.GetProperty("requestContext").GetProperty("condition").GetString()));
        Assert.Contains("503", json.GetProperty("responsePayload").GetProperty("errorMessage").GetString(), StringComparison.Ordinal);
        Assert.Equal(["a", "b", "c"], FaultMatrix.LinesOf(record).Select(line => line.Message));

        var metrics = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)).ToList();
        Assert.All(metrics, line => Assert.DoesNotContain("Refused", line.GetRawText(), StringComparison.Ordinal));
        Assert.Equal(3, Assert.Single(metrics, line => line.TryGetProperty("Failed", out _)).GetProperty("Failed").GetInt32());
        var kept = Assert.Single(metrics, line => line.TryGetProperty("Kept", out _));
        Assert.Equal((3, NameOf(pair.SecondChoice)), (kept.GetProperty("Kept").GetInt32(), kept.GetProperty("Destination").GetString()));
    }

    [Fact]
    public async Task Reports_the_metrics_of_each()
    {
        await using var pair = await Pair.StartAsync();
        using var output = new MemoryStream();
        await pair.Create(output, new Dictionary<string, string> { ["METRICS"] = "on" }).ShipAsync(EnvelopeOf("a", "b"), new TestInvocation());

        var metrics = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)).ToList();
        Assert.Equal(2, metrics.Select(line => line.GetProperty("Destination").GetString()).Distinct().Count());
        Assert.All(metrics, line => Assert.Equal(2, line.GetProperty("Shipped").GetInt32()));
    }

    [Fact]
    public async Task Leaves_an_event_to_Lambda_of_which_none_took_a_line()
    {
        await using var pair = await Pair.StartAsync();
        pair.First.Faults = _ => new Fault(503);
        pair.Second.Faults = _ => new Fault(401);

        var failure = await Assert.ThrowsAsync<DeliveryException>(() => pair.Create().ShipAsync(EnvelopeOf("a", "b"), new TestInvocation(), pair.FailedEvents));

        Assert.Equal((4, 0, false), (failure.Undelivered, failure.Shipped, failure.IsStopped));
        Assert.Contains($"{NameOf(pair.FirstChoice)}: 503", failure.Reason, StringComparison.Ordinal);
        Assert.Contains($"{NameOf(pair.SecondChoice)}: the destination refuses the credentials", failure.Reason, StringComparison.Ordinal);
        Assert.Empty(pair.S3.Records);
    }

    [Theory]
    [InlineData(true)] // S3 does not take it
    [InlineData(false)] // there is no bucket
    public async Task Fails_when_what_one_did_not_take_cannot_be_kept(bool hasBucket)
    {
        await using var pair = await Pair.StartAsync();
        pair.Second.Faults = _ => new Fault(503);
        pair.S3.Fails = (_, _) => 503;

        var failure = await Assert.ThrowsAsync<DeliveryException>(() => pair.Create().ShipAsync(EnvelopeOf("a", "b"), new TestInvocation(), hasBucket ? pair.FailedEvents : null));

        Assert.Equal((2, 0), (failure.Undelivered, failure.Shipped));
        Assert.StartsWith($"{NameOf(pair.SecondChoice)}: ", failure.Reason, StringComparison.Ordinal);
        Assert.Equal(2, pair.First.Taken.Count());
    }

    [Fact]
    public async Task Redrives_an_event_of_Lambdas_to_both_and_what_was_kept_to_its_own_one()
    {
        await using var pair = await Pair.StartAsync();
        pair.Put("aws/lambda/async/forwarder/0", "both");
        pair.Put($"failed/{pair.FirstChoice.Name}/forwarder/0", "first only", pair.FirstChoice.Name);
        pair.Put($"failed/{pair.SecondChoice.Name}/forwarder/0", "second only", pair.SecondChoice.Name);
        pair.Put($"refused/{pair.SecondChoice.Name}/forwarder/0", "refused by the second", pair.SecondChoice.Name);

        Assert.Equal(new RedriveResult(3, 0, false), await pair.RedriveAsync(new RedriveRequest()));
        Assert.Equal(new RedriveResult(1, 0, false), await pair.RedriveAsync(new RedriveRequest(Prefix: "refused/")));

        Assert.Equal(["both", "first only"], pair.First.Taken.Select(entry => entry.Line.GetString()));
        Assert.Equal(["both", "second only", "refused by the second"], pair.Second.Taken.Select(entry => entry.Line.GetString()));
        Assert.Empty(pair.S3.Records);
    }

    [Fact]
    public async Task Redrives_for_the_one_while_the_other_takes_nothing()
    {
        await using var pair = await Pair.StartAsync();
        pair.First.Faults = _ => new Fault(401);
        pair.Second.Faults = _ => new Fault(401);
        var names = new[] { pair.FirstChoice.Name, pair.SecondChoice.Name }.Order(StringComparer.Ordinal).ToList();
        var working = pair.ServerOf(names[1]);
        working.Faults = _ => null;
        foreach (var n in Enumerable.Range(0, 3))
        {
            pair.Put($"failed/{names[0]}/forwarder/{n}", $"line {n}", names[0]);
            pair.Put($"failed/{names[1]}/forwarder/{n}", $"line {n}", names[1]);
        }

        Assert.Equal(new RedriveResult(3, 1, true, $"failed/{names[0]}/forwarder/0"), await pair.RedriveAsync(new RedriveRequest()));

        Assert.Equal(3, working.Taken.Count());
        Assert.Single(pair.ServerOf(names[0]).Requests.Select(request => Encoding.UTF8.GetString(request.Body)).Distinct());
        Assert.Equal(3, pair.S3.Records.Count());
    }

    [Fact]
    public async Task Keeps_a_record_for_a_destination_that_there_is_not()
    {
        await using var pair = await Pair.StartAsync();
        pair.Put("failed/elsewhere/forwarder/0", "a", "elsewhere");
        var invocation = new TestInvocation();

        Assert.Equal(new RedriveResult(0, 1, false), await pair.RedriveAsync(new RedriveRequest(Prefix: "failed/elsewhere/"), invocation));

        Assert.Single(pair.S3.Records);
        Assert.Empty(pair.First.Requests.Concat(pair.Second.Requests));
        Assert.Contains(invocation.Lines, line => line.Contains("is for the destination elsewhere, which this service does not ship to; expected one of ", StringComparison.Ordinal));
    }

    [Fact]
    public void Has_credentials_for_each_and_says_which_are_wrong()
    {
        var (first, second) = (DestinationChoice.All[0], DestinationChoice.All[1]);

        using var credentials = first.ReadSettings(name => name == first.SecretVariable ? "ssm:/acme/one" : null).Credentials;
        var failure = Assert.Throws<SettingException>(() => second.ReadSettings(name => name == first.SecretVariable ? "ssm:/acme/one" : null));

        Assert.Equal($"DESTINATION_SECRET_{first.Name.ToUpperInvariant()}", first.SecretVariable);
        Assert.StartsWith($"For the destination {second.Name}: {second.SecretVariable} does not say where the destination's credentials are kept; must be", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Says_for_which_destination_a_setting_is_wrong()
    {
        var choice = DestinationChoice.All[^1];
        var failure = Assert.Throws<SettingException>(() => choice.ReadSettings(name => name == choice.SecretVariable ? "ssm:/acme" : name == "STATIC_FIELDS" ? "level=a" : null));

        Assert.StartsWith($"For the destination {choice.Name}: STATIC_FIELDS has the key \"level\"", failure.Message, StringComparison.Ordinal);
    }

    private static string NameOf(DestinationChoice choice) => choice.Create(_ => null).Name;

    private static Amazon.Lambda.CloudWatchLogsEvents.CloudWatchLogsEvent EnvelopeOf(params string[] lines) => SubscriptionEvent.ReadEnvelope(LogsEvent.Of(lines).AsSpan());

    // Ships, puts the fault right, and redrives: the faulty one then has every line too, and the healthy one has still had each of them once.
    private static async Task<Row> ShipAndRedriveAsync(string name, string healthy, string faulty, Action<DestinationServer> fault, string[] lines)
    {
        await using var pair = await Pair.StartAsync(healthy, faulty);
        var token = pair.Second.Token;
        fault(pair.Second);
        await pair.Create().ShipAsync(EnvelopeOf(lines), new TestInvocation(), pair.FailedEvents);

        var failed = LinesOf($"failed/{faulty}/");
        var refused = LinesOf($"refused/{faulty}/");
        var others = pair.S3.Records.Count() - pair.S3.Records.Count(key => key.Contains($"/{faulty}/", StringComparison.Ordinal));
        var taken = pair.Second.Taken.Select(entry => entry.EventId).ToHashSet();
        var lost = Enumerable.Range(0, lines.Length).Count(n => !taken.Contains(LogsEvent.Id(n)) && failed.All(line => line.Number != n) && refused.All(line => line.Number != n));

        pair.Second.Faults = _ => null;
        pair.Second.Refuses = null;
        pair.Second.Token = token;
        var redriven = await pair.RedriveAsync(new RedriveRequest());
        var again = await pair.RedriveAsync(new RedriveRequest(Prefix: FailedEvents.RefusedPrefix));

        var (toFaulty, toHealthy) = (Count(pair.Second, lines), Count(pair.First, lines));
        var wrong = lost > 0 ? $"{lost} lines are lost"
            : toFaulty.Lost > 0 ? $"{toFaulty.Lost} lines are lost after the redrive"
            : toFaulty.Corrupted + toHealthy.Corrupted + failed.Concat(refused).Count(line => line.Message != lines[line.Number]) is > 0 and var corrupted ? $"{corrupted} lines are corrupted"
            : toHealthy.Lost > 0 ? $"{healthy} lacks {toHealthy.Lost} lines"
            : toHealthy.Duplicated > 0 ? $"{healthy} has {toHealthy.Duplicated} lines twice"
            : others > 0 ? $"{others} records are of no destination"
            : redriven.Failed + again.Failed > 0 || pair.S3.Records.Any() ? "not all records were redriven"
            : null;
        return new Row(
            $"| {name} | {failed.Count} | {refused.Count} | {lost + toFaulty.Lost} | {toFaulty.Corrupted} | {toHealthy.Lost} | {toHealthy.Duplicated} | {toHealthy.Corrupted} |",
            wrong is null ? null : $"{name}: {wrong}");

        List<(int Number, string Message)> LinesOf(string prefix) =>
            [.. pair.S3.Objects.Where(record => record.Key.StartsWith($"failed-events/{prefix}", StringComparison.Ordinal)).SelectMany(record => FaultMatrix.LinesOf(record.Value))];
    }

    private static (int Lost, int Duplicated, int Corrupted) Count(DestinationServer server, string[] lines)
    {
        var taken = server.Taken.ToList();
        var distinct = taken.DistinctBy(entry => (entry.EventId, entry.Part)).GroupBy(entry => entry.EventId).Select(line => line.ToList()).ToList();
        return (lines.Length - distinct.Count, taken.Count - distinct.Sum(parts => parts.Count), distinct.Count(parts => !FaultMatrix.IsWhole(parts, lines)));
    }

    private sealed record Row(string Text, string? Wrong);

    private sealed class Pair(DestinationServer first, DestinationServer second, S3Server s3) : IAsyncDisposable
    {
        private readonly AmazonS3Client client = s3.CreateClient();

        public DestinationServer First => first;

        public DestinationServer Second => second;

        public S3Server S3 => s3;

        public DestinationChoice FirstChoice => ChoiceOf(first);

        public DestinationChoice SecondChoice => ChoiceOf(second);

        public FailedEvents FailedEvents => new(new Lazy<IAmazonS3>(client), "failed-events");

        public static Task<Pair> StartAsync() => StartAsync(DestinationChoice.All[0].Name, DestinationChoice.All[1].Name);

        public static async Task<Pair> StartAsync(string first, string second) =>
            new(await DestinationServer.StartAsync(DestinationServer.Of(first)), await DestinationServer.StartAsync(DestinationServer.Of(second)), await S3Server.StartAsync());

        // The second one is the one that may hang.
        public LogShippers Create(Stream? output = null, IReadOnlyDictionary<string, string>? settings = null)
        {
            var shared = Stream.Synchronized(output ?? Stream.Null);
            return new(
                [
                    (FirstChoice, TestShipper.Create(first, settings, TestShipper.Impatient with { RequestTimeout = TimeSpan.FromSeconds(50) }, FirstChoice.Create, shared)),
                    (SecondChoice, TestShipper.Create(second, settings, TestShipper.Impatient with { RequestTimeout = TimeSpan.FromSeconds(2) }, SecondChoice.Create, shared)),
                ],
                shared);
        }

        public Task<RedriveResult> RedriveAsync(RedriveRequest request, TestInvocation? invocation = null) =>
            Redrive.HandleAsync(request, invocation ?? new TestInvocation(), client, "failed-events", Create().ShipAsync);

        public DestinationServer ServerOf(string choice) => first.Choice == choice ? first : second;

        // A record: Lambda's, or one for a destination.
        public void Put(string key, string line, string? destination = null) =>
            s3.Objects[$"failed-events/{key}"] = destination is null
                ? RedriveTests.Failed(LogsEvent.Of(line))
                : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(RedriveTests.Failed(LogsEvent.Of(line))).Trim().Replace("\"version\":\"1.0\"", $"\"version\":\"1.0\",\"destination\":\"{destination}\"", StringComparison.Ordinal));

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            await first.DisposeAsync();
            await second.DisposeAsync();
            await s3.DisposeAsync();
        }

        private static DestinationChoice ChoiceOf(DestinationServer server) => DestinationChoice.All.Single(choice => choice.Name == server.Choice);
    }
}
