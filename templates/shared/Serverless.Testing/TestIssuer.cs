using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;
using Serverless.Tokens;
using Xunit;

namespace Serverless.Testing;

/// <summary>An issuer of tokens on loopback, with keys made here: it publishes them as a user pool does, and counts who asks.</summary>
public sealed class TestIssuer : IAsyncDisposable
{
    // Making a key takes longer than all else in a test, so the tests share these.
    public static readonly RSA FirstKey = RSA.Create(2048);
    public static readonly RSA SecondKey = RSA.Create(2048);

    // Issuers write letters as they are.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    private Loopback server = null!;
    private int fetches;

    /// <summary>The key set that is published: key id, key, and what it says of its algorithm.</summary>
    public List<(string Id, RSA Key, string? Algorithm)> Published { get; } = [("first", FirstKey, "RS256")];

    /// <summary>More keys, as JSON texts: each is published before those and after them.</summary>
    public List<string> AlsoPublished { get; } = [];

    /// <summary>What is done before a request for the keys is answered.</summary>
    public Func<HttpContext, Task> BeforeAnswer { get; set; } = _ => Task.CompletedTask;

    /// <summary>What is done when the keys are chosen and not yet sent.</summary>
    public Func<HttpContext, Task> AfterAnswer { get; set; } = _ => Task.CompletedTask;

    /// <summary>The answer to a request for the keys, if not 200.</summary>
    public int Status { get; set; } = StatusCodes.Status200OK;

    /// <summary>How often the keys were asked for.</summary>
    public int Fetches => fetches;

    /// <summary>The trace that the last request for the keys carried.</summary>
    public string? LastTrace { get; private set; }

    public string Name => $"{server.Address.ToString().TrimEnd('/')}/pool";

    public static async Task<TestIssuer> StartAsync()
    {
        var issuer = new TestIssuer();
        issuer.server = await Loopback.StartAsync(issuer.AnswerAsync);
        return issuer;
    }

    /// <summary>The rules of a service that takes this issuer's access tokens.</summary>
    public TokenRules Rules => new()
    {
        Issuers = [TokenIssuer.Parse(Name)],
        Clients = new HashSet<string> { "client" },
        Use = TokenUse.Access,
    };

    /// <summary>The claims of a good access token.</summary>
    public JsonObject Claims => new()
    {
        ["sub"] = "5e3c0a7c-0000-4000-8000-000000000001",
        ["iss"] = Name,
        ["token_use"] = "access",
        ["client_id"] = "client",
        ["username"] = "ada",
        ["scope"] = "aws.cognito.signin.user.admin teams",
        ["cognito:groups"] = new JsonArray("staff", "night shift"),
        ["iat"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
        ["exp"] = DateTimeOffset.UtcNow.AddMinutes(30).ToUnixTimeSeconds(),
    };

    /// <summary>A token, good unless something is given that makes it bad.</summary>
    public string Token(
        Action<JsonObject>? claims = null, Action<JsonObject>? header = null, RSA? key = null, HashAlgorithmName? hash = null)
    {
        var payload = Claims;
        claims?.Invoke(payload);
        var head = new JsonObject { ["alg"] = "RS256", ["kid"] = "first", ["typ"] = "JWT" };
        header?.Invoke(head);
        var signed = $"{Encode(head.ToJsonString())}.{Encode(payload.ToJsonString(Plain))}";
        var signature = (key ?? FirstKey).SignData(Encoding.ASCII.GetBytes(signed), hash ?? HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64UrlEncoder.Encode(signature)}";
    }

    public static string Encode(string text) => Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes(text));

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        Interlocked.Increment(ref fetches);
        LastTrace = http.Request.Headers[Trace.Header].ToString();
        Assert.Equal("/pool/.well-known/jwks.json", http.Request.Path);
        await BeforeAnswer(http);
        http.Response.StatusCode = Status;
        var keys = new List<string>();
        foreach (var (id, key, algorithm) in Published)
        {
            var numbers = key.ExportParameters(includePrivateParameters: false);
            var json = new JsonObject
            {
                ["kid"] = id,
                ["kty"] = "RSA",
                ["use"] = "sig",
                ["n"] = Base64UrlEncoder.Encode(numbers.Modulus),
                ["e"] = Base64UrlEncoder.Encode(numbers.Exponent),
            };
            if (algorithm is not null)
                json["alg"] = algorithm;
            keys.Add(json.ToJsonString());
        }

        await AfterAnswer(http);
        await http.Response.WriteAsync($"{{\"keys\":[{string.Join(',', [.. AlsoPublished, .. keys, .. AlsoPublished])}]}}");
    }
}
