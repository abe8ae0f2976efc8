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
    [InlineData("1e300", "no_expiry")]
    [InlineData("1e999", "no_expiry")]
    [InlineData("253402300800", "no_expiry")]
    [InlineData("253402300799", null)]
    [InlineData("253402300799.5", "no_expiry")]
    [InlineData("null", "no_expiry")]
    [InlineData("{}", "malformed")]
    [InlineData("\"4102444800\"", "malformed")]
    public Task Denies_an_expiry_that_is_no_time(string expiry, string? reason) => DecidesAsync(reason, claims => claims["exp"] = JsonNode.Parse(expiry));

    [Theory]
    [InlineData("\"soon\"", "malformed")]
    [InlineData("-1", "not_yet_valid")]
    [InlineData("1e300", "not_yet_valid")]
    public async Task Denies_a_beginning_that_is_no_time(string time, string reason)
    {
        await DecidesAsync(reason, claims => claims["nbf"] = JsonNode.Parse(time));
        await DecidesAsync(reason, claims => claims["iat"] = JsonNode.Parse(time));
    }

    [Theory]
    [InlineData(40, "not_yet_valid")]
    [InlineData(20, null)]
    public Task Denies_a_token_that_was_issued_in_the_future(int seconds, string? reason) =>
        DecidesAsync(reason, claims => claims["iat"] = DateTimeOffset.UtcNow.AddSeconds(seconds).ToUnixTimeSeconds());

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
    [InlineData("[\"access\"]", "malformed")]
    [InlineData("1", "malformed")]
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
        Assert.Equal(ofSecond.Subject, Caller.FromContext(ofSecond.ToContext())!.Sub);
    }

    [Fact]
    public void Gives_no_two_users_of_different_issuers_the_same_identifier()
    {
        var rules = issuer.Rules with { Issuers = [TokenIssuer.Parse("https://a.example"), TokenIssuer.Parse("https://b.example")] };
        var ofSecond = rules.UserOf("https://b.example", "ada");

        Assert.NotEqual(ofSecond, rules.UserOf("https://a.example", ofSecond));
        Assert.NotEqual(rules.UserOf("https://b.example", ofSecond), rules.UserOf("https://a.example", rules.UserOf("https://b.example", ofSecond)));
        Assert.Equal("auth0|ada", rules.UserOf("https://a.example/", "auth0|ada"));
        Assert.Equal(ofSecond, rules.UserOf("https://b.example/", "ada"));
    }

    [Theory]
    [InlineData(128, null)]
    [InlineData(129, "subject_too_long")]
    public Task Denies_a_user_whose_identifier_is_too_long(int length, string? reason) =>
        DecidesAsync(reason, claims => claims["sub"] = new string('s', length));

    [Theory]
    [InlineData("", "/")]
    [InlineData("/", "")]
    [InlineData("/", "/")]
    public async Task Does_not_care_for_a_slash_at_the_end_of_an_issuer(string inSetting, string inToken)
    {
        var rules = issuer.Rules with { Issuers = [TokenIssuer.Parse(issuer.Name + inSetting)] };

        Assert.IsType<Admitted>(await VerifyAsync("Bearer " + issuer.Token(claims => claims["iss"] = issuer.Name + inToken), rules));
    }

    [Fact]
    public async Task Takes_a_group_that_is_a_text_for_one_group()
    {
        var admitted = Assert.IsType<Admitted>(await VerifyAsync(
            "Bearer " + issuer.Token(claims => claims["cognito:groups"] = "staff"), issuer.Rules with { Groups = new HashSet<string> { "staff" } }));

        Assert.Equal(["staff"], admitted.Groups);
    }

    [Fact]
    public async Task Hands_every_name_on_without_a_quote_or_a_backslash()
    {
        string[] groups = ["night shift", "a\"b", "c\\d", "[e]", "%20", "ü\u0000\n", "😀"];
        var admitted = Assert.IsType<Admitted>(await VerifyAsync("Bearer " + issuer.Token(claims =>
        {
            claims["cognito:groups"] = new JsonArray([.. groups.Select(group => JsonValue.Create(group))]);
            claims["username"] = "\"ada\\";
        })));

        var context = admitted.ToContext();
        Assert.All(context.Values, value => Assert.Equal(-1, value.IndexOfAny(['"', '\\'])));
        var caller = Caller.FromContext(context)!;
        Assert.Equal(groups, caller.Groups);
        Assert.Equal("\"ada\\", caller.UserName);
    }

    [Theory]
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
    [InlineData("client", null, null)]
    [InlineData("other", null, "wrong_client")]
    [InlineData(null, "client", null)]
    [InlineData("other", "client", null)]
    [InlineData("client", "other", "wrong_client")]
    public async Task Judges_as_the_built_in_authorizer_does_if_asked_to(string? client, string? audience, string? reason)
    {
        var token = issuer.Token(claims =>
        {
            claims.Remove("token_use");
            claims["client_id"] = client;
            claims["aud"] = audience;
        });
        var rules = issuer.Rules with { AsBuiltIn = true };

        Assert.Equal(reason, (await VerifyAsync("Bearer " + token, rules) as Denied)?.Reason);
        Assert.Equal(reason, (await VerifyAsync(token, rules) as Denied)?.Reason);
        Assert.Equal("not_bearer", (await VerifyAsync("Basic " + token, rules) as Denied)?.Reason);
    }

    [Theory]
    [InlineData(true, "expired", 401)]
    [InlineData(true, "missing_scope", 403)]
    [InlineData(false, "expired", 403)]
    [InlineData(false, "missing_scope", 403)]
    public void Answers_a_denial_as_the_authorizer_before_the_api_does(bool asBuiltIn, string reason, int status)
    {
        using var verifier = new TokenVerifier(issuer.Rules with { AsBuiltIn = asBuiltIn }, TimeProvider.System);

        Assert.Equal(status, verifier.StatusOf(new Denied(reason)));
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
    public Task Denies_a_key_that_no_one_knows() => DeniesAsync("unknown_key", "Bearer " + WithUnknownKey("third", age: 120));

    [Fact]
    public async Task Neither_admits_nor_denies_a_new_token_whose_key_may_be_about_to_appear() =>
        Assert.Equal(new Undecided("third"), await VerifyAsync("Bearer " + WithUnknownKey("third", age: 0)));

    [Fact]
    public async Task Asks_for_no_key_for_a_token_that_its_claims_alone_deny()
    {
        using var verifier = new TokenVerifier(issuer.Rules, TimeProvider.System);
        Assert.IsType<Admitted>(await verifier.VerifyAsync("Bearer " + issuer.Token(), CancellationToken.None));

        foreach (var change in new Action<JsonObject>[]
        {
            claims => claims["client_id"] = "other", claims => claims["exp"] = 1, claims => claims["token_use"] = "id", claims => claims.Remove("sub"),
        })
        {
            var denied = Assert.IsType<Denied>(await verifier.VerifyAsync(
                "Bearer " + issuer.Token(change, header => header["kid"] = "third", TestIssuer.SecondKey), CancellationToken.None));
            Assert.NotEqual("unknown_key", denied.Reason);
            // Nobody has signed it, so whom it names is not to be logged.
            Assert.Null(denied.Subject);
        }

        Assert.Equal(1, issuer.Fetches);
    }

    [Fact]
    public async Task Costs_a_stranger_with_invented_keys_two_fetches_and_lets_a_user_with_a_new_key_in()
    {
        using var verifier = new TokenVerifier(issuer.Rules, TimeProvider.System);
        await verifier.PrefetchAsync(CancellationToken.None);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; i < 1000; i++)
        {
            var unsigned = WithUnknownKey($"unknown-{i}", age: i % 2 * 120);
            Assert.True(await verifier.VerifyAsync("Bearer " + unsigned[..(unsigned.LastIndexOf('.') + 1)], CancellationToken.None) is Undecided or Denied { Reason: "unknown_key" });
        }

        Assert.InRange(issuer.Fetches, 2, 2 + (int)(clock.Elapsed.TotalSeconds / 10));
        issuer.Published.Add(("second", TestIssuer.SecondKey, "RS256"));
        var token = "Bearer " + issuer.Token(header: header => header["kid"] = "second", key: TestIssuer.SecondKey);
        Assert.False(await verifier.VerifyAsync(token, CancellationToken.None) is Denied);
    }

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
    [InlineData("""7""")]
    [InlineData("\"text\"")]
    [InlineData("")]
    [InlineData("""{"iss":""")]
    [InlineData("""{"iss":"a","iss":"b"}""")]
    [InlineData("""{"sub":"\ud800"}""")]
    public async Task Denies_a_payload_or_header_of_another_form(string json)
    {
        Assert.IsType<Denied>(await VerifyAsync("Bearer " + Signed("""{"alg":"RS256","kid":"first"}""", json)));
        Assert.IsType<Denied>(await VerifyAsync("Bearer " + Signed(json, issuer.Claims.ToJsonString())));
    }

    [Fact]
    public async Task Throws_for_no_json_type_in_any_claim_or_header_member()
    {
        string[] values = ["null", "true", "false", "0", "-1", "1.5", "1e400", "\"\"", "\"text\"", "\"\\ud800\"", "\"\\u0000\"", "[]", "[null]", "[1,[],{}]", "[\"a\",\"\\udfff\"]", "{}", "{\"a\":{\"a\":[]}}"];
        string[] headers = ["alg", "kid", "typ", "crit", "cty", "zip", "enc", "jku", "jwk", "x5c", "x5t", "x5u", "b64"];
        var claims = issuer.Claims.Select(claim => claim.Key).Concat(["aud", "nbf", "jti", "azp", "auth_time", "cnf", "actort", "act"]);
        using var verifier = new TokenVerifier(issuer.Rules, TimeProvider.System);

        foreach (var value in values)
        {
            foreach (var name in headers)
                await DeniesOrAdmitsAsync(Json(new JsonObject { ["alg"] = "RS256", ["kid"] = "first" }, name, value), issuer.Claims.ToJsonString());
            foreach (var name in claims)
                await DeniesOrAdmitsAsync("""{"alg":"RS256","kid":"first"}""", Json(issuer.Claims, name, value));
        }

        async Task DeniesOrAdmitsAsync(string header, string payload)
        {
            var token = Signed(header, payload);
            Assert.NotNull(await verifier.VerifyAsync("Bearer " + token, CancellationToken.None));
            Assert.IsNotType<Admitted>(await verifier.VerifyAsync("Bearer " + token[..(token.LastIndexOf('.') + 1)], CancellationToken.None));
        }

        // As text, because a JSON library writes no text that is not Unicode.
        static string Json(JsonObject members, string name, string value)
        {
            members.Remove(name);
            var text = members.ToJsonString();
            return $"{text[..^1]}{(text.Length > 2 ? "," : "")}\"{name}\":{value}}}";
        }
    }

    private static string Signed(string header, string payload)
    {
        var signed = $"{TestIssuer.Encode(header)}.{TestIssuer.Encode(payload)}";
        return $"{signed}.{Base64UrlEncoder.Encode(TestIssuer.FirstKey.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private string WithUnknownKey(string keyId, int age) => issuer.Token(
        claims => claims["iat"] = DateTimeOffset.UtcNow.AddSeconds(-age).ToUnixTimeSeconds(), header => header["kid"] = keyId, TestIssuer.SecondKey);

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

        async Task<bool> AdmitsAsync(string changed) => await verifier.VerifyAsync("Bearer " + changed, CancellationToken.None) is Admitted;
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

        Assert.Equal("unknown_key", Assert.IsType<Denied>(await VerifyAsync("Bearer " + WithUnknownKey("second", age: 120), rules)).Reason);
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
