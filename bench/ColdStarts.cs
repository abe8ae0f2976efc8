using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
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
        await CompareAsync(report, "Cold start: an HTTP function that greets", [
            .. peers.Select(peer => peer.As("hello", handler, hello, answer => answer.Succeeded)),
            .. auth.Select(build => build.As("`sls-auth` hello", "hello", handler, hello, answer => answer.Text.Contains("\"statusCode\":200", StringComparison.Ordinal)))]);

        await using var issuer = await Issuer.StartAsync();
        var request = issuer.Request(File.ReadAllText(EventOf(auth[0].Service, "authorizer")));
        Predicate<Answer> admits = answer => answer.Text.Contains("\"isAuthorized\":true", StringComparison.Ordinal);
        await CompareAsync(report, "Cold start: the authorizer admits a token, the issuer's keys fetched", [
            .. authorizers.Select(peer => peer.As("authorizer", issuer.Variables, request, admits)),
            .. auth.Select(build => build.As("`sls-auth` authorizer", "authorizer", issuer.Variables, request, admits))]);

        await using var platform = await LogPlatform.StartAsync("splunk");
        var forwarder = await BuildsOfAsync("sls-forwarder");
        var variables = platform.EnvironmentOf(await Stack.CompileAsync(forwarder[0].Service), "forwarder");
        var line = File.ReadAllBytes(EventOf(forwarder[0].Service, "plain"));
        await CompareAsync(report, "Cold start: the forwarder ships its first event", [
            .. forwarders.Select(peer => peer.As("forwarder", variables, line, answer => answer.Succeeded)),
            .. forwarder.Select(build => build.As("`sls-forwarder`", "forwarder", variables, line, answer => answer.Succeeded))]);
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

    /// <summary>An issuer on loopback with one key, and a good token of it.</summary>
    private sealed class Issuer : IAsyncDisposable
    {
        private readonly RSA key = RSA.Create(2048);
        private Loopback server = null!;

        public Dictionary<string, string?> Variables => new()
        {
            ["_HANDLER"] = "authorizer",
            ["TOKEN_ISSUERS"] = Name,
            ["TOKEN_CLIENTS"] = "client",
            ["TOKEN_USE"] = "access",
        };

        private string Name => $"{server.Address.ToString().TrimEnd('/')}/pool";

        public static async Task<Issuer> StartAsync()
        {
            var issuer = new Issuer();
            issuer.server = await Loopback.StartAsync(issuer.PublishAsync);
            return issuer;
        }

        /// <summary>The sample event with a token that is to be admitted.</summary>
        public byte[] Request(string sample)
        {
            var request = JsonNode.Parse(sample)!;
            var signed = $"{Encode("""{"alg":"RS256","kid":"first","typ":"JWT"}"""u8)}.{Encode(Encoding.UTF8.GetBytes(Claims.ToJsonString()))}";
            var token = $"Bearer {signed}.{Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
            request["identitySource"] = new JsonArray(token);
            request["headers"]!["authorization"] = token;
            return Encoding.UTF8.GetBytes(request.ToJsonString());
        }

        public async ValueTask DisposeAsync()
        {
            await server.DisposeAsync();
            key.Dispose();
        }

        private JsonObject Claims => new()
        {
            ["sub"] = "5e3c0a7c-0000-4000-8000-000000000001",
            ["iss"] = Name,
            ["token_use"] = "access",
            ["client_id"] = "client",
            ["username"] = "ada",
            ["scope"] = "aws.cognito.signin.user.admin",
            ["exp"] = DateTimeOffset.UtcNow.AddMinutes(30).ToUnixTimeSeconds(),
        };

        private Task PublishAsync(HttpContext http)
        {
            var numbers = key.ExportParameters(includePrivateParameters: false);
            var published = new JsonObject { ["kid"] = "first", ["kty"] = "RSA", ["use"] = "sig", ["alg"] = "RS256", ["n"] = Encode(numbers.Modulus), ["e"] = Encode(numbers.Exponent) };
            return http.Response.WriteAsync(new JsonObject { ["keys"] = new JsonArray(published) }.ToJsonString());
        }

        private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
    }
}
