using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Serverless.Templates.Tests;
using static Serverless.Templates.Bench.Measure;

namespace Serverless.Templates.Bench;

/// <summary>From the start of the process to its first answer: the native binary beside the managed build of the same sources.</summary>
internal static class ColdStarts
{
    private const int Starts = 15;

    public static async Task RunAsync()
    {
        await using var platform = await LogPlatform.StartAsync("splunk");
        await CompareAsync(
            Template.Named("sls-forwarder"),
            "forwarder",
            async service => platform.EnvironmentOf(await Stack.CompileAsync(service), "forwarder"),
            service => File.ReadAllBytes(service.PathOf($"tests/{service.ProjectName}.Tests/events/plain.json")),
            answer => answer.Succeeded);

        await using var issuer = await Issuer.StartAsync();
        await CompareAsync(
            Template.Named("sls-auth"),
            "authorizer",
            _ => Task.FromResult(issuer.Variables),
            service => issuer.Request(File.ReadAllText(service.PathOf($"tests/{service.ProjectName}.Tests/events/authorizer.json"))),
            answer => answer.Text.Contains("\"isAuthorized\":true", StringComparison.Ordinal));
    }

    private static async Task CompareAsync(
        Template template, string function, Func<GeneratedService, Task<Dictionary<string, string?>>> environment, Func<GeneratedService, byte[]> payload, Predicate<Answer> isRight)
    {
        var (native, managed) = (await PublishedService.ShareAsync(template, "aot"), await PublishedService.ShareAsync(template, "managed"));
        var variables = new Dictionary<PublishedService, Dictionary<string, string?>> { [native] = await environment(native.Service), [managed] = await environment(managed.Service) };
        var memory = new Dictionary<PublishedService, List<double>> { [native] = [], [managed] = [] };
        var (nativeStart, managedStart) = await InTurnsAsync(Starts, () => StartAsync(native), () => StartAsync(managed));

        Say($"{template} {function}, {Starts} starts each, exec to first answer: native {nativeStart:0.0} ms, managed {managedStart:0.0} ms; managed takes {managedStart / nativeStart:0.0} times as long.");
        Say($"  peak memory: native {Median(memory[native]):0.0} MB, managed {Median(memory[managed]):0.0} MB. Zip: native {Size(native):0.0} MB, managed {Size(managed):0.0} MB. Native for {native.Framework}.");

        async Task<double> StartAsync(PublishedService published)
        {
            var start = await ColdStart.MeasureAsync(published.Binary, function, variables[published], payload(published.Service), isRight, starts: 1);
            memory[published].Add(start.PeakMemory / 1e6);
            return start.FirstAnswer.TotalMilliseconds;
        }

        static double Size(PublishedService published) => new FileInfo(published.Zip).Length / 1e6;
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
