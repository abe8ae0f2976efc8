using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Serverless.Templates.Tests;

namespace Serverless.Templates.Bench;

/// <summary>An issuer on loopback, and good tokens of it.</summary>
internal sealed class Issuer : IAsyncDisposable
{
    // Where Debian has the certificates of all authorities in one file.
    private const string Bundle = "/etc/ssl/certs/ca-certificates.crt";

    private readonly RSA key = RSA.Create(2048);
    private readonly WebApplication server;
    private readonly string keys;

    private Issuer(WebApplication server, int keys)
    {
        this.server = server;
        var numbers = key.ExportParameters(includePrivateParameters: false);
        var published = Enumerable.Range(0, keys).Select(i => (JsonNode)new JsonObject { ["kid"] = $"key-{i}", ["kty"] = "RSA", ["use"] = "sig", ["alg"] = "RS256", ["n"] = Encode(numbers.Modulus), ["e"] = Encode(numbers.Exponent) });
        this.keys = new JsonObject { ["keys"] = new JsonArray([.. published]) }.ToJsonString();
    }

    /// <summary>The authorizer's variables.</summary>
    public Dictionary<string, string?> Variables => new()
    {
        ["_HANDLER"] = "authorizer",
        ["TOKEN_ISSUERS"] = Name,
        ["TOKEN_CLIENTS"] = "client",
        ["TOKEN_USE"] = "access",
    };

    /// <summary>The certificates of all authorities of this machine and of the one that stands behind the issuer; null without TLS.</summary>
    public string? Authorities { get; private init; }

    private string Name => $"{server.Urls.First().TrimEnd('/')}/pool";

    /// <summary>Starts one.</summary>
    /// <param name="tls">Whether it speaks TLS, with a certificate of an authority of its own.</param>
    /// <param name="keys">How many keys it publishes.</param>
    public static async Task<Issuer> StartAsync(bool tls = false, int keys = 1)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        string? authorities = null;
        if (tls)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
            var (authority, certificate) = Certify();
            authorities = Path.Combine(TestRun.NewFolder("authorities"), "authorities.pem");
            await File.WriteAllTextAsync(authorities, $"{await File.ReadAllTextAsync(Bundle)}\n{authority}\n");
            builder.WebHost.ConfigureKestrel(options => options.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate));
        }
        var issuer = new Issuer(builder.Build(), keys) { Authorities = authorities };
        issuer.server.Urls.Add($"{(tls ? "https" : "http")}://127.0.0.1:0");
        issuer.server.Run(http => http.Response.WriteAsync(issuer.keys));
        await issuer.server.StartAsync();
        return issuer;
    }

    /// <summary>The sample event with a token that is to be admitted.</summary>
    /// <param name="sample">The authorizer's sample event.</param>
    /// <param name="groups">How many groups the token names.</param>
    public byte[] Request(string sample, int groups = 0)
    {
        var request = JsonNode.Parse(sample)!;
        var claims = Claims;
        if (groups > 0)
            claims["cognito:groups"] = new JsonArray([.. Enumerable.Range(0, groups).Select(i => (JsonNode)$"group-{i}")]);
        var signed = $"{Encode("""{"alg":"RS256","kid":"key-0","typ":"JWT"}"""u8)}.{Encode(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        var token = $"Bearer {signed}.{Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
        request["identitySource"] = new JsonArray(token);
        request["headers"]!["authorization"] = token;
        return Encoding.UTF8.GetBytes(request.ToJsonString());
    }

    /// <inheritdoc/>
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
        ["exp"] = DateTimeOffset.UtcNow.AddHours(2).ToUnixTimeSeconds(),
    };

    private static (string Authority, X509Certificate2 Certificate) Certify()
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=Acme Private CA", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = authorityRequest.CreateSelfSigned(from, to);
        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", serverKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(authority, from, to, [1, 2, 3, 4]);
        using var withKey = signed.CopyWithPrivateKey(serverKey);
        return (authority.ExportCertificatePem(), X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null));
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
