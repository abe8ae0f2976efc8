using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;
using Serverless.Tokens;

namespace Serverless.Tests;

public sealed class TokenVerifierTests : IAsyncLifetime
{
    // It stands still, so that a second more or less does not decide.
    private readonly TestClock clock = new();
    private TestIssuer issuer = null!;

    public async ValueTask InitializeAsync() => issuer = await TestIssuer.StartAsync();

    public ValueTask DisposeAsync() => issuer.DisposeAsync();

    [Fact]
    public async Task Admits_a_good_token_and_says_whose_it_is()
    {
        var admitted = Assert.IsType<Admitted>(await VerifyAsync("Bearer " + issuer.Token()));

        Assert.Equal("5e3c0a7c-0000-4000-8000-000000000001", admitted.Subject);
        Assert.Equal("ada", admitted.UserName);
        Assert.Equal(["staff", "night shift"], admitted.Groups);
        Assert.Equal(["aws.cognito.signin.user.admin", "teams"], admitted.Scopes);
        Assert.InRange(admitted.Expires, DateTimeOffset.UtcNow.AddMinutes(29), DateTimeOffset.UtcNow.AddMinutes(31));
    }

    [Fact]
    public async Task Takes_the_scheme_in_any_case() => Assert.IsType<Admitted>(await VerifyAsync("bearer " + issuer.Token()));

    [Theory]
    [InlineData(null, "no_token")]
    [InlineData("", "no_token")]
    [InlineData("Basic dXNlcjpwYXNz", "not_bearer")]
    [InlineData("Bearer", "not_bearer")]
    [InlineData("Bearer ", "malformed")]
    [InlineData("Bearer garbage", "malformed")]
    [InlineData("Bearer a.b.c", "malformed")]
    [InlineData("Bearer ..", "malformed")]
    [InlineData("Bearer e30.e30.", "wrong_algorithm")]
    [InlineData("Bearer a.b.c.d.e", "malformed")]
    public Task Denies_what_is_no_token(string? authorization, string reason) => DeniesAsync(reason, authorization);

    [Fact]
    public Task Denies_a_token_without_its_scheme() => DeniesAsync("not_bearer", issuer.Token());

    [Fact]
    public Task Denies_two_headers() => DeniesAsync("duplicate_header", $"Bearer {issuer.Token()},Bearer {issuer.Token()}");

    [Fact]
    public Task Denies_a_token_that_is_too_long() =>
        DeniesAsync("token_too_large", "Bearer " + issuer.Token(claims => claims["padding"] = new string('x', TokenVerifier.MaxTokenLength)));

    [Theory]
    [InlineData(-31, "expired")]
    [InlineData(-29, null)]
    public Task Denies_a_token_that_has_expired_by_more_than_the_clocks_may_differ(int seconds, string? reason) =>
        DecidesAsync(reason, claims => claims["exp"] = clock.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds());

    [Theory]
    [InlineData(40, "not_yet_valid")]
    [InlineData(20, null)]
    public Task Denies_a_token_that_is_not_yet_valid(int seconds, string? reason) =>
        DecidesAsync(reason, claims => claims["nbf"] = clock.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds());

    [Fact]
    public Task Denies_a_token_that_never_expires() => DecidesAsync("no_expiry", claims => claims.Remove("exp"));

    [Theory]
    [InlineData("-1", "no_expiry")]
    [InlineData("1e300", "malformed")]
    [InlineData("null", "malformed")]
    [InlineData("{}", "malformed")]
    public Task Denies_an_expiry_that_is_no_time(string expiry, string reason) => DecidesAsync(reason, claims => claims["exp"] = JsonNode.Parse(expiry));

    [Fact]
    public Task Denies_a_not_before_that_is_no_time() => DecidesAsync("malformed", claims => claims["nbf"] = "soon");

    [Fact]
    public Task Denies_another_issuer() => DecidesAsync("wrong_issuer", claims => claims["iss"] = "https://issuer.example/pool");

    [Fact]
    public Task Denies_another_pool_that_has_the_same_key() => DecidesAsync("wrong_issuer", claims => claims["iss"] = issuer.Name + "2");

    [Fact]
    public Task Denies_a_token_without_an_issuer() => DecidesAsync("wrong_issuer", claims => claims.Remove("iss"));

    [Fact]
    public Task Denies_a_key_of_another_trusted_issuer() => DeniesAcrossIssuersAsync();

    [Fact]
    public Task Denies_an_id_token() => DecidesAsync("wrong_use", claims =>
    {
        claims["token_use"] = "id";
        claims["aud"] = "client";
        claims.Remove("client_id");
    });

    [Fact]
    public Task Denies_a_token_without_a_use() => DecidesAsync("wrong_use", claims => claims.Remove("token_use"));

    [Fact]
    public async Task Denies_an_access_token_where_an_id_token_is_asked_for()
    {
        var denied = Assert.IsType<Denied>(await VerifyAsync("Bearer " + issuer.Token(), issuer.Rules with { Use = TokenUse.Id }));

        Assert.Equal("wrong_use", denied.Reason);
    }

    [Fact]
    public async Task Admits_an_id_token_where_one_is_asked_for()
    {
        var token = issuer.Token(claims =>
        {
            claims["token_use"] = "id";
            claims["aud"] = "client";
            claims["cognito:username"] = "ada";
            claims.Remove("client_id");
            claims.Remove("username");
        });

        var admitted = Assert.IsType<Admitted>(await VerifyAsync("Bearer " + token, issuer.Rules with { Use = TokenUse.Id }));

        Assert.Equal("ada", admitted.UserName);
    }

    [Fact]
    public async Task Admits_the_token_of_an_issuer_that_knows_audiences_only()
    {
        var token = issuer.Token(claims =>
        {
            claims.Remove("token_use");
            claims.Remove("client_id");
            claims["aud"] = new JsonArray("https://api.example", "client");
        });

        Assert.IsType<Admitted>(await VerifyAsync("Bearer " + token, issuer.Rules with { Use = TokenUse.Any }));
    }

    [Theory]
    [InlineData("\"access\"", null)]
    [InlineData("\"id\"", "wrong_use")]
    [InlineData("[\"access\"]", "wrong_use")]
    [InlineData("1", "wrong_use")]
    public async Task Denies_an_id_token_also_where_no_use_is_asked_for(string use, string? reason)
    {
        var token = issuer.Token(claims =>
        {
            claims["token_use"] = JsonNode.Parse(use);
            claims["aud"] = "client";
        });

        Assert.Equal(reason, (await VerifyAsync("Bearer " + token, issuer.Rules with { Use = TokenUse.Any }) as Denied)?.Reason);
    }

    [Fact]
    public async Task Keeps_the_users_of_two_issuers_apart()
    {
        await using var other = await TestIssuer.StartAsync();
        var rules = issuer.Rules with { Issuers = [TokenIssuer.Parse(issuer.Name), TokenIssuer.Parse(other.Name)] };

        var ofFirst = Assert.IsType<Admitted>(await VerifyAsync("Bearer " + issuer.Token(), rules));
        var ofSecond = Assert.IsType<Admitted>(await VerifyAsync("Bearer " + other.Token(), rules));

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(other.Name)))[..16];
        Assert.Equal("5e3c0a7c-0000-4000-8000-000000000001", ofFirst.Subject);
        Assert.Equal($"{hash}:5e3c0a7c-0000-4000-8000-000000000001", ofSecond.Subject);
        Assert.Equal(ofSecond.Subject, ofSecond.ToContext()["sub"]);
    }

    [Fact]
    public async Task Is_ready_while_one_of_its_issuers_answers()
    {
        await using var other = await TestIssuer.StartAsync();
        other.Status = 503;
        using var verifier = new TokenVerifier(issuer.Rules with { Issuers = [TokenIssuer.Parse(issuer.Name), TokenIssuer.Parse(other.Name)] }, TimeProvider.System);
        Assert.True(await verifier.IsReadyAsync(TestContext.Current.CancellationToken));

        using var none = new TokenVerifier(issuer.Rules with { Issuers = [TokenIssuer.Parse(other.Name)] }, TimeProvider.System);
        Assert.False(await none.IsReadyAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public Task Denies_another_client() => DecidesAsync("wrong_client", claims => claims["client_id"] = "other");

    [Fact]
    public Task Denies_an_audience_in_place_of_a_client() => DecidesAsync("wrong_client", claims =>
    {
        claims.Remove("client_id");
        claims["aud"] = "client";
    });

    [Fact]
    public async Task Denies_a_token_without_a_scope_that_is_asked_for()
    {
        var rules = issuer.Rules with { Scopes = new HashSet<string> { "teams", "invoices" } };

        Assert.Equal("missing_scope", Assert.IsType<Denied>(await VerifyAsync("Bearer " + issuer.Token(), rules)).Reason);
        Assert.IsType<Admitted>(await VerifyAsync("Bearer " + issuer.Token(claims => claims["scope"] = "invoices teams"), rules));
    }

    [Fact]
    public async Task Denies_a_token_without_any_group_that_is_asked_for()
    {
        var rules = issuer.Rules with { Groups = new HashSet<string> { "night shift", "admins" } };

        Assert.IsType<Admitted>(await VerifyAsync("Bearer " + issuer.Token(), rules));
        var other = issuer.Token(claims => claims["cognito:groups"] = new JsonArray("night", "shift"));
        Assert.Equal("missing_group", Assert.IsType<Denied>(await VerifyAsync("Bearer " + other, rules)).Reason);
    }

    [Fact]
    public Task Denies_a_token_that_names_nobody() => DecidesAsync("no_subject", claims => claims.Remove("sub"));

    [Fact]
    public Task Denies_a_payload_that_was_changed()
    {
        var parts = issuer.Token().Split('.');
        var claims = issuer.Claims;
        claims["sub"] = "someone-else";
        return DeniesAsync("bad_signature", $"Bearer {parts[0]}.{TestIssuer.Encode(claims.ToJsonString())}.{parts[2]}");
    }

    [Fact]
    public Task Denies_a_signature_that_was_changed()
    {
        var token = issuer.Token().ToCharArray();
        token[^20] = token[^20] == 'A' ? 'B' : 'A';
        return DeniesAsync("bad_signature", "Bearer " + new string(token));
    }

    [Fact]
    public Task Denies_a_signature_cut_short() => DeniesAsync("bad_signature", "Bearer " + issuer.Token()[..^6]);

    [Fact]
    public async Task Denies_a_second_spelling_of_the_same_signature()
    {
        // 256 bytes end in a character of which two bits count: four spellings, of which one is the right one.
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        var token = issuer.Token();
        var last = Alphabet.IndexOf(token[^1], StringComparison.Ordinal);

        for (var other = 1; other < 16; other++)
            await DeniesAsync(null, $"Bearer {token[..^1]}{Alphabet[(last & 0b110000) | ((last + other) & 0b001111)]}");
        await DeniesAsync("malformed", $"Bearer {token}==");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("")]
    public Task Denies_an_unsigned_token(string algorithm)
    {
        var header = new JsonObject { ["alg"] = algorithm, ["kid"] = "first" };
        return DeniesAsync("wrong_algorithm", $"Bearer {TestIssuer.Encode(header.ToJsonString())}.{TestIssuer.Encode(issuer.Claims.ToJsonString())}.");
    }

    [Fact]
    public async Task Denies_a_public_key_taken_for_a_secret()
    {
        var header = new JsonObject { ["alg"] = "HS256", ["kid"] = "first" };
        var signed = $"{TestIssuer.Encode(header.ToJsonString())}.{TestIssuer.Encode(issuer.Claims.ToJsonString())}";
        foreach (var secret in new[] { Encoding.ASCII.GetBytes(TestIssuer.FirstKey.ExportSubjectPublicKeyInfoPem()), TestIssuer.FirstKey.ExportRSAPublicKey(), TestIssuer.FirstKey.ExportParameters(false).Modulus! })
        {
            var signature = Base64UrlEncoder.Encode(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(signed)));
            await DeniesAsync("wrong_algorithm", $"Bearer {signed}.{signature}");
        }
    }

    [Fact]
    public Task Denies_another_algorithm_of_the_same_key() =>
        DeniesAsync("wrong_algorithm", "Bearer " + issuer.Token(header: header => header["alg"] = "RS512", hash: HashAlgorithmName.SHA512));

    [Fact]
    public Task Denies_a_key_that_no_one_knows() =>
        DeniesAsync("unknown_key", "Bearer " + issuer.Token(header: header => header["kid"] = "third", key: TestIssuer.SecondKey));

    [Fact]
    public Task Denies_a_token_that_names_no_key() => DeniesAsync("no_key_id", "Bearer " + issuer.Token(header: header => header.Remove("kid")));

    [Fact]
    public Task Denies_a_key_that_is_not_the_one_named() => DeniesAsync("bad_signature", "Bearer " + issuer.Token(key: TestIssuer.SecondKey));

    [Fact]
    public Task Denies_a_key_that_is_meant_for_another_algorithm()
    {
        issuer.Published.Add(("second", TestIssuer.SecondKey, "RS512"));
        return DeniesAsync("wrong_key_algorithm", "Bearer " + issuer.Token(header: header => header["kid"] = "second", key: TestIssuer.SecondKey));
    }

    [Fact]
    public Task Denies_a_token_that_brings_its_own_key() => DeniesAsync("bad_signature", "Bearer " + issuer.Token(
        header: header =>
        {
            var numbers = TestIssuer.SecondKey.ExportParameters(false);
            header["jwk"] = new JsonObject { ["kty"] = "RSA", ["n"] = Base64UrlEncoder.Encode(numbers.Modulus), ["e"] = Base64UrlEncoder.Encode(numbers.Exponent) };
            header["jku"] = "http://127.0.0.1:9/keys";
        },
        key: TestIssuer.SecondKey));

    [Fact]
    public Task Denies_an_extension_that_must_be_understood() =>
        DeniesAsync("unknown_extension", "Bearer " + issuer.Token(header: header => header["crit"] = new JsonArray("exp")));

    [Theory]
    [InlineData("""{"iss":1,"sub":[],"exp":"x"}""")]
    [InlineData("""[]""")]
    [InlineData("""null""")]
    [InlineData("""{"iss":""")]
    public async Task Denies_a_payload_of_another_form(string payload)
    {
        var signed = $"{TestIssuer.Encode("""{"alg":"RS256","kid":"first"}""")}.{TestIssuer.Encode(payload)}";
        var signature = TestIssuer.FirstKey.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

        Assert.IsType<Denied>(await VerifyAsync($"Bearer {signed}.{Base64UrlEncoder.Encode(signature)}"));
    }

    [Fact]
    public async Task Admits_none_of_ten_thousand_tokens_with_a_change_somewhere()
    {
        var random = new Random(20261122);
        var token = issuer.Token();
        using var verifier = new TokenVerifier(issuer.Rules, TimeProvider.System);
        Assert.IsType<Admitted>(await verifier.VerifyAsync("Bearer " + token, CancellationToken.None));

        for (var round = 0; round < 10_000; round++)
        {
            var changed = Change(token, random);
            if (changed != token)
                Assert.False(await AdmitsAsync(changed), changed);
        }

        Assert.InRange(issuer.Fetches, 1, 3);

        async Task<bool> AdmitsAsync(string changed)
        {
            try
            {
                return await verifier.VerifyAsync("Bearer " + changed, CancellationToken.None) is Admitted;
            }
            catch (DependencyException)
            {
                // It names a key that is not known, so soon after another.
                return false;
            }
        }
    }

    [Fact]
    public async Task Throws_when_the_keys_cannot_be_fetched()
    {
        issuer.Status = 500;

        await Assert.ThrowsAsync<DependencyException>(() => VerifyAsync("Bearer " + issuer.Token()));
    }

    [Fact]
    public async Task Hands_the_trace_on_to_the_issuer()
    {
        Trace.Current = "Root=1-67891233-abcdef012345678912345678";

        await VerifyAsync("Bearer " + issuer.Token());

        Assert.Equal("Root=1-67891233-abcdef012345678912345678", issuer.LastTrace);
    }

    private static string Change(string token, Random random)
    {
        const string Characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \0é";
        var at = random.Next(token.Length);
        var character = Characters[random.Next(Characters.Length)];
        return random.Next(5) switch
        {
            0 => token[..at] + character + token[(at + 1)..],
            1 => token.Remove(at, 1),
            2 => token.Insert(at, character.ToString()),
            3 => token[..^1] + Characters[random.Next(64)],
            _ => string.Join('.', token.Split('.').OrderBy(_ => random.Next())),
        };
    }

    private async Task DeniesAcrossIssuersAsync()
    {
        await using var other = await TestIssuer.StartAsync();
        other.Published.Clear();
        other.Published.Add(("second", TestIssuer.SecondKey, "RS256"));
        var rules = issuer.Rules with { Issuers = [TokenIssuer.Parse(issuer.Name), TokenIssuer.Parse(other.Name)] };
        var token = issuer.Token(header: header => header["kid"] = "second", key: TestIssuer.SecondKey);

        Assert.Equal("unknown_key", Assert.IsType<Denied>(await VerifyAsync("Bearer " + token, rules)).Reason);
    }

    private async Task<Verdict> VerifyAsync(string? authorization, TokenRules? rules = null)
    {
        using var verifier = new TokenVerifier(rules ?? issuer.Rules, clock);
        return await verifier.VerifyAsync(authorization, TestContext.Current.CancellationToken);
    }

    private async Task DeniesAsync(string? reason, string? authorization)
    {
        var denied = Assert.IsType<Denied>(await VerifyAsync(authorization));
        if (reason is not null)
            Assert.Equal(reason, denied.Reason);
    }

    private async Task DecidesAsync(string? reason, Action<JsonObject> claims) =>
        Assert.Equal(reason, (await VerifyAsync("Bearer " + issuer.Token(claims)) as Denied)?.Reason);
}
