using Microsoft.AspNetCore.Http;
using Serverless.Tokens;

namespace Serverless.Tests;

public sealed class SigningKeysTests : IAsyncLifetime
{
    private readonly TestClock clock = new();
    // Longer than a busy machine needs for an answer.
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private TestIssuer issuer = null!;
    private SigningKeys keys = null!;

    public async ValueTask InitializeAsync()
    {
        issuer = await TestIssuer.StartAsync();
        keys = CreateKeys(refreshWait: TimeSpan.FromSeconds(30));
    }

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return issuer.DisposeAsync();
    }

    [Fact]
    public async Task Fetches_once_for_a_thousand_tokens_of_a_known_key()
    {
        for (var i = 0; i < 1000; i++)
            Assert.NotNull(await FindAsync("first"));

        Assert.Equal(1, issuer.Fetches);
    }

    [Fact]
    public async Task Takes_a_new_key_by_one_fetch()
    {
        await keys.PrefetchAsync(CancellationToken.None);
        issuer.Published.Insert(0, ("second", TestIssuer.SecondKey, "RS256"));

        Assert.NotNull(await FindAsync("second"));
        Assert.NotNull(await FindAsync("first"));
        Assert.Equal(2, issuer.Fetches);
    }

    [Fact]
    public async Task Asks_at_most_once_more_for_a_thousand_unknown_keys_within_ten_seconds()
    {
        await keys.PrefetchAsync(CancellationToken.None);

        for (var i = 0; i < 1000; i++)
        {
            clock.Elapsed = TimeSpan.FromMilliseconds(i * 9.9);
            Assert.Null(await FindAsync($"unknown-{i}"));
        }

        Assert.Equal(2, issuer.Fetches);
    }

    [Fact]
    public async Task Asks_at_most_once_more_for_a_thousand_unknown_keys_at_once()
    {
        await keys.PrefetchAsync(CancellationToken.None);
        issuer.BeforeAnswer = _ => Task.Delay(50);

        var found = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => Task.Run(() => FindAsync($"unknown-{i}"))));

        Assert.All(found, Assert.Null);
        Assert.Equal(2, issuer.Fetches);
    }

    [Theory]
    [InlineData(61, true)]
    [InlineData(59, false)]
    [InlineData(-1, false)]
    public async Task Declares_a_key_unknown_only_of_a_token_that_was_a_minute_old_when_the_issuer_was_asked(int age, bool isFinal)
    {
        Assert.Equal(isFinal, (await AnswerAsync("unknown", clock.GetUtcNow().AddSeconds(-age))).IsFinal);
        // Ten seconds later nothing has been asked again, so nothing more is known.
        clock.Elapsed += TimeSpan.FromSeconds(9.9);
        Assert.Equal(isFinal, (await AnswerAsync("unknown", clock.GetUtcNow().AddSeconds(-age - 9.9))).IsFinal);
    }

    [Fact]
    public async Task Never_declares_a_key_unknown_of_a_token_that_does_not_say_its_age()
    {
        Assert.Equal(KeyAnswer.NotYet, await AnswerAsync("unknown", null));
        clock.Elapsed += TimeSpan.FromHours(2);
        Assert.Equal(KeyAnswer.NotYet, await AnswerAsync("unknown", null));
    }

    [Fact]
    public async Task Finds_a_key_that_appears_during_a_flood_of_unknown_ones_and_never_declares_it_unknown()
    {
        await keys.PrefetchAsync(CancellationToken.None);
        var issuedAt = clock.GetUtcNow();
        var answers = new List<KeyAnswer>();
        for (var i = 0; i < 400; i++)
        {
            clock.Elapsed += TimeSpan.FromMilliseconds(50);
            if (i == 100)
                issuer.Published.Add(("second", TestIssuer.SecondKey, "RS256"));
            await AnswerAsync($"unknown-{i}", clock.GetUtcNow());
            answers.Add(await AnswerAsync("second", issuedAt));
        }

        Assert.DoesNotContain(KeyAnswer.Unknown, answers);
        Assert.NotNull(answers[^1].Keys);
        Assert.InRange(issuer.Fetches, 2, 4);
    }

    [Fact]
    public async Task Looks_again_for_a_key_that_is_published_while_the_keys_are_fetched()
    {
        var (sent, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        issuer.AfterAnswer = _ =>
        {
            sent.TrySetResult();
            return goOn.Task;
        };
        var prefetch = keys.PrefetchAsync(CancellationToken.None);
        await sent.Task;
        issuer.Published.Add(("second", TestIssuer.SecondKey, "RS256"));

        var found = FindAsync("second");
        goOn.SetResult();

        Assert.NotNull(await found);
        await prefetch;
        Assert.Equal(2, issuer.Fetches);
    }

    [Fact]
    public async Task Asks_again_for_an_unknown_key_after_ten_seconds()
    {
        Assert.Null(await FindAsync("second"));
        issuer.Published.Add(("second", TestIssuer.SecondKey, "RS256"));

        Assert.Null(await FindAsync("second"));
        clock.Elapsed += TimeSpan.FromSeconds(10);
        Assert.NotNull(await FindAsync("second"));
    }

    [Fact]
    public async Task Finds_known_keys_while_unknown_ones_are_held_back()
    {
        Assert.Null(await FindAsync("unknown"));

        Assert.NotNull(await FindAsync("first"));
    }

    [Fact]
    public async Task Lets_a_hundred_first_tokens_share_one_fetch()
    {
        issuer.BeforeAnswer = _ => Task.Delay(100);

        var found = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => FindAsync("first"))));

        Assert.All(found, Assert.NotNull);
        Assert.Equal(1, issuer.Fetches);
    }

    [Fact]
    public async Task Lets_a_withdrawn_key_go_within_the_hour()
    {
        Assert.NotNull(await FindAsync("first"));
        issuer.Published.Clear();
        issuer.Published.Add(("second", TestIssuer.SecondKey, "RS256"));

        clock.Elapsed = TimeSpan.FromMinutes(61);
        Assert.Null(await FindAsync("first"));
    }

    [Fact]
    public async Task Serves_old_keys_at_once_while_one_refresh_hangs()
    {
        keys = CreateKeys(refreshWait: TimeSpan.FromMilliseconds(250));
        Assert.NotNull(await FindAsync("first"));
        var goOn = new TaskCompletionSource();
        issuer.BeforeAnswer = _ => goOn.Task;
        clock.Elapsed = TimeSpan.FromHours(2);

        for (var i = 0; i < 100; i++)
            Assert.NotNull(await FindAsync("first").WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.Equal(2, issuer.Fetches);

        issuer.Published.Add(("second", TestIssuer.SecondKey, "RS256"));
        goOn.SetResult();
        await WaitUntilAsync(() => keys.Cached("second") is not null);
    }

    [Fact]
    public async Task Tries_a_refresh_that_failed_again_after_a_minute()
    {
        Assert.NotNull(await FindAsync("first"));
        issuer.Status = 503;
        clock.Elapsed = TimeSpan.FromHours(2);

        for (var i = 0; i < 50; i++)
        {
            Assert.NotNull(await FindAsync("first"));
            clock.Elapsed += TimeSpan.FromSeconds(1);
        }

        Assert.Equal(2, issuer.Fetches);
        clock.Elapsed += TimeSpan.FromSeconds(11);
        Assert.NotNull(await FindAsync("first"));
        Assert.Equal(3, issuer.Fetches);
    }

    [Fact]
    public async Task Keeps_the_keys_for_a_day_while_the_issuer_does_not_answer()
    {
        Assert.NotNull(await FindAsync("first"));
        issuer.Status = 503;

        clock.Elapsed = TimeSpan.FromHours(23);
        Assert.NotNull(await FindAsync("first"));
        Assert.True(await keys.AreReadyAsync(CancellationToken.None));
        clock.Elapsed = TimeSpan.FromHours(25);
        await Assert.ThrowsAsync<DependencyException>(() => FindAsync("first"));
        Assert.False(await keys.AreReadyAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Does_not_count_a_failed_look_as_an_answer()
    {
        await keys.PrefetchAsync(CancellationToken.None);
        issuer.Status = 503;
        issuer.Published.Add(("second", TestIssuer.SecondKey, "RS256"));

        await Assert.ThrowsAsync<DependencyException>(() => FindAsync("second"));
        Assert.Equal(KeyAnswer.NotYet, await AnswerAsync("second", clock.GetUtcNow()));
        Assert.Equal(2, issuer.Fetches);

        issuer.Status = 200;
        clock.Elapsed += TimeSpan.FromSeconds(1);
        Assert.NotNull(await FindAsync("second"));
    }

    [Fact]
    public async Task Tells_an_rsa_key_from_an_elliptic_one_of_the_same_id()
    {
        issuer.AlsoPublished.Add("""{"kid":"first","kty":"EC","alg":"ES256","use":"sig","crv":"P-256","x":"AA","y":"AA"}""");

        Assert.Equal("RSA", Assert.Single((await AnswerAsync("first", null)).Keys!).Kty);
    }

    [Theory]
    [InlineData("""{"kid":"curve","kty":"EC","use":"sig","crv":"P-256","x":"AA","y":"AA"}""")]
    [InlineData("""{"kid":"curve","kty":"OKP","use":"sig","crv":"Ed25519","x":"AA"}""")]
    public async Task Knows_a_key_of_another_kind_by_its_type_alone_and_does_not_ask_for_it_again(string key)
    {
        issuer.AlsoPublished.Add(key);

        for (var i = 0; i < 3; i++)
        {
            var answer = await AnswerAsync("curve", clock.GetUtcNow());
            Assert.Empty(answer.Keys!);
            Assert.True(answer.IsFinal);
            clock.Elapsed += TimeSpan.FromMinutes(1);
        }

        Assert.Equal(1, issuer.Fetches);
    }

    [Theory]
    [InlineData("""{"kid":"broken","kty":"RSA","n":"!","e":"AQAB"}""")]
    [InlineData("""{"kid":"broken","kty":"RSA","n":5,"e":"AQAB"}""")]
    [InlineData("""{"kid":"broken","kty":"RSA","n":"AAAA","e":"AQAB"}""")]
    [InlineData("""{"kid":"broken","kty":"RSA","e":"AQAB"}""")]
    [InlineData("""{"kid":"broken","kty":"RSA","n":null,"e":{}}""")]
    [InlineData("""{"kid":"\\ud800","kty":"RSA"}""")]
    [InlineData("""{"kid":7,"kty":[]}""")]
    [InlineData("""{}""")]
    [InlineData("""5""")]
    public async Task Skips_a_key_that_cannot_be_read_and_asks_for_it_again(string broken)
    {
        issuer.AlsoPublished.Add(broken);
        Assert.NotNull(await FindAsync("first"));
        // The issuer lists it, so it is never declared unknown.
        var answer = await AnswerAsync("broken", clock.GetUtcNow().AddHours(-1));
        Assert.Null(answer.Keys);
        Assert.Equal(!broken.Contains("broken", StringComparison.Ordinal), answer.IsFinal);

        issuer.AlsoPublished.Clear();
        issuer.Published.Add(("broken", TestIssuer.SecondKey, "RS256"));
        clock.Elapsed += TimeSpan.FromSeconds(10);
        Assert.NotNull(await FindAsync("broken"));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"keys":{}}""")]
    [InlineData("""{"keys":[]}""")]
    [InlineData("<html>")]
    public async Task Throws_when_the_issuer_publishes_no_key(string answer)
    {
        await using var other = await Loopback.StartAsync(http => http.Response.WriteAsync(answer));
        var none = new SigningKeys(other.Address, http, clock);

        await Assert.ThrowsAsync<DependencyException>(() => none.FindAsync("first", null, CancellationToken.None));
    }

    [Fact]
    public async Task Does_not_fail_to_start_when_the_issuer_does_not_answer()
    {
        issuer.Status = 503;

        await keys.PrefetchAsync(CancellationToken.None);

        Assert.False(await keys.AreReadyAsync(CancellationToken.None));
    }

    // A busy machine needs longer for a refresh than a request waits for one.
    private SigningKeys CreateKeys(TimeSpan refreshWait) => new(TokenIssuer.Parse(issuer.Name).Keys, http, clock) { RefreshWait = refreshWait };

    private Task<KeyAnswer> AnswerAsync(string keyId, DateTimeOffset? issuedAt) => keys.FindAsync(keyId, issuedAt, CancellationToken.None);

    private async Task<Microsoft.IdentityModel.Tokens.JsonWebKey?> FindAsync(string keyId) => (await AnswerAsync(keyId, clock.GetUtcNow())).Keys?[0];

    private static async Task WaitUntilAsync(Func<bool> holds)
    {
        for (var waited = 0; !holds(); waited++)
        {
            Assert.True(waited < 1000, "It does not come to hold.");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
