using Serverless.Templates.Tests;
using static Serverless.Templates.Bench.Measure;

namespace Serverless.Templates.Bench;

/// <summary>From the start of the process to its first answer.</summary>
internal static class ColdStarts
{
    private const int Starts = 25;

    /// <param name="report">Where the figures go.</param>
    /// <param name="peers">Executables that answer any event, measured beside <c>hello</c>.</param>
    /// <param name="authorizers">Other builds of <c>sls-auth</c>.</param>
    /// <param name="forwarders">Other builds of <c>sls-forwarder</c>.</param>
    public static async Task RunAsync(Report report, IReadOnlyList<Peer> peers, IReadOnlyList<Peer> authorizers, IReadOnlyList<Peer> forwarders)
    {
        var auth = await BuildsOfAsync("sls-auth");
        var hello = File.ReadAllBytes(EventOf(auth[0].Service, "hello"));
        var handler = new Dictionary<string, string?> { ["_HANDLER"] = "hello" };
        Predicate<Answer> isOk = answer => answer.Text.Contains("\"statusCode\":200", StringComparison.Ordinal);
        await CompareAsync(report, "Cold start: an HTTP function that greets", [
            .. peers.Select(peer => peer.As("hello", handler, hello, answer => answer.Succeeded)),
            .. auth.Select(build => build.As("`sls-auth` hello", "hello", handler, hello, isOk))]);

        await using var issuer = await Issuer.StartAsync();
        var request = issuer.Request(File.ReadAllText(EventOf(auth[0].Service, "authorizer")));
        Predicate<Answer> admits = answer => answer.Text.Contains("\"isAuthorized\":true", StringComparison.Ordinal);
        await CompareAsync(report, "Cold start: the authorizer admits a token, the issuer's keys fetched", [
            .. authorizers.Select(peer => peer.As("authorizer", issuer.Variables, request, admits)),
            .. auth.Select(build => build.As("`sls-auth` authorizer", "authorizer", issuer.Variables, request, admits))]);

        await CompareTlsAsync(report, auth[0], admits);

        await using var table = await TeamTable.StartAsync(members: 2);
        var team = TeamTable.Request(File.ReadAllText(EventOf(auth[0].Service, "hello")));
        await CompareAsync(report, "Cold start: a function that reads its table", [
            .. authorizers.Select(peer => peer.As("getTeam", table.Variables, team, isOk)),
            .. auth.Select(build => build.As("`sls-auth` getTeam", "getTeam", table.Variables, team, isOk))]);

        await using var platform = await LogPlatform.StartAsync("splunk");
        var forwarder = await BuildsOfAsync("sls-forwarder");
        var variables = platform.EnvironmentOf(await Stack.CompileAsync(forwarder[0].Service), "forwarder");
        var line = File.ReadAllBytes(EventOf(forwarder[0].Service, "plain"));
        await CompareAsync(report, "Cold start: the forwarder ships its first event", [
            .. forwarders.Select(peer => peer.As("forwarder", variables, line, answer => answer.Succeeded)),
            .. forwarder.Select(build => build.As("`sls-forwarder`", "forwarder", variables, line, answer => answer.Succeeded))]);
    }

    // .NET reads the certificates of all authorities before the first connection: those of a file, and those of a folder.
    private static async Task CompareTlsAsync(Report report, PublishedBuild auth, Predicate<Answer> admits)
    {
        await using var plain = await Issuer.StartAsync();
        await using var secure = await Issuer.StartAsync(tls: true);
        var sample = File.ReadAllText(EventOf(auth.Service, "authorizer"));
        Contestant Over(string name, Issuer issuer, params (string, string?)[] variables) =>
            auth.As(name, "authorizer", variables.Aggregate(issuer.Variables, (all, one) => new(all) { [one.Item1] = one.Item2 }), issuer.Request(sample), admits);
        await CompareAsync(report, "Cold start: what TLS takes of the authorizer's", [
            Over("over HTTP", plain),
            Over("over HTTPS, the authorities in one file", secure, ("SSL_CERT_FILE", secure.Authorities), ("SSL_CERT_DIR", "/none")),
            Over("over HTTPS, the authorities in a file and in a folder", secure, ("SSL_CERT_FILE", secure.Authorities))]);
    }

    private static async Task<IReadOnlyList<PublishedBuild>> BuildsOfAsync(string shortName)
    {
        var (native, managed) = (await PublishedService.ShareAsync(Template.Named(shortName), "aot"), await PublishedService.ShareAsync(Template.Named(shortName), "managed"));
        return [new(native, "native"), new(managed, "managed")];
    }

    private static string EventOf(GeneratedService service, string name) => service.PathOf($"tests/{service.ProjectName}.Tests/events/{name}.json");

    // The first contestant is what the others are divided by.
    private static async Task CompareAsync(Report report, string title, IReadOnlyList<Contestant> contestants)
    {
        var memory = contestants.Select(_ => new List<double>()).ToArray();
        var times = await InTurnsAsync(Starts, [.. contestants.Select<Contestant, Func<Task<double>>>((contestant, i) => async () =>
        {
            var start = await ColdStart.MeasureAsync(contestant.Binary, contestant.Function, contestant.Variables, contestant.Payload, contestant.IsRight, starts: 1);
            memory[i].Add(start.PeakMemory / 1e6);
            return start.FirstAnswer.TotalMilliseconds;
        })]);
        var (firstTime, firstMemory) = (Median(times[0]), Median(memory[0]));
        report.Add(
            title,
            $"From the start of the process to its first answer over a Lambda Runtime API on loopback, medians of {Starts} starts.",
            ["", $"÷ {contestants[0].Name}", "memory ÷", "ms", "peak memory, MB", "deployed, MB"],
            contestants.Select((contestant, i) => new[]
            {
                contestant.Name, Text($"{Median(times[i]) / firstTime:0.00}"), Text($"{Median(memory[i]) / firstMemory:0.00}"), Text($"{Median(times[i]):0.0}"), Text($"{Median(memory[i]):0.0}"), Text($"{contestant.Deployed / 1e6:0.0}"),
            }));
    }

    private static Contestant As(this Peer peer, string function, IReadOnlyDictionary<string, string?> variables, byte[] payload, Predicate<Answer> isRight) =>
        new(peer.Name, peer.Path, new FileInfo(peer.Path).Length, function, variables, payload, isRight);

    private sealed record Contestant(
        string Name, string Binary, long Deployed, string Function, IReadOnlyDictionary<string, string?> Variables, byte[] Payload, Predicate<Answer> IsRight);

    private sealed record PublishedBuild(PublishedService Published, string Kind)
    {
        public GeneratedService Service => Published.Service;

        public Contestant As(string name, string function, IReadOnlyDictionary<string, string?> variables, byte[] payload, Predicate<Answer> isRight) =>
            new($"{name}, {Kind}", Published.Binary, new FileInfo(Published.Zip).Length, function, variables, payload, isRight);
    }
}
