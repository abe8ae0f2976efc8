namespace Serverless.Tokens;

public sealed class SigningKeysTests : IAsyncLifetime
{
    private readonly TestClock clock = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(3) };
    private TestIssuer issuer = null!;
    private SigningKeys keys = null!;

    public async ValueTask InitializeAsync()
    {
        issuer = await TestIssuer.StartAsync();
        keys = new SigningKeys(TokenIssuer.Parse(issuer.Name).Keys, http, clock);
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
    public async Task Asks_at_most_twice_for_a_thousand_unknown_keys_within_ten_seconds()
    {
        await keys.PrefetchAsync(CancellationToken.None);

        for (var i = 0; i < 1000; i++)
        {
            clock.Elapsed = TimeSpan.FromMilliseconds(i * 9.9);
            if (i == 0)
                Assert.Null(await FindAsync("unknown-0"));
            else
                await Assert.ThrowsAsync<DependencyException>(() => FindAsync($"unknown-{i}"));
        }

        Assert.Equal(2, issuer.Fetches);
    }

    [Fact]
    public async Task Denies_no_key_that_was_not_looked_for()
    {
        Assert.Null(await FindAsync("unknown"));
        issuer.Published.Add(("second", TestIssuer.SecondKey, "RS256"));

        await Assert.ThrowsAsync<DependencyException>(() => FindAsync("second"));
        Assert.Null(await FindAsync("unknown"));
        clock.Elapsed += TimeSpan.FromSeconds(10);
        Assert.NotNull(await FindAsync("second"));
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
    public async Task Asks_at_most_twice_for_a_thousand_unknown_keys_at_once()
    {
        await keys.PrefetchAsync(CancellationToken.None);
        issuer.BeforeAnswer = _ => Task.Delay(50);

        var found = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => Task.Run(async () =>
        {
            try
            {
                return $"{await FindAsync($"unknown-{i}")}";
            }
            catch (DependencyException)
            {
                return "not looked for";
            }
        })));

        Assert.Single(found, "");
        Assert.Equal(999, found.Count(outcome => outcome == "not looked for"));
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
    public async Task Takes_known_keys_while_unknown_ones_are_held_back()
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
    public async Task Does_not_take_a_failed_look_for_an_unknown_key()
    {
        await keys.PrefetchAsync(CancellationToken.None);
        issuer.Status = 503;
        issuer.Published.Add(("second", TestIssuer.SecondKey, "RS256"));

        await Assert.ThrowsAsync<DependencyException>(() => FindAsync("second"));
        await Assert.ThrowsAsync<DependencyException>(() => FindAsync("second"));
        Assert.Equal(2, issuer.Fetches);

        issuer.Status = 200;
        clock.Elapsed += TimeSpan.FromSeconds(1);
        Assert.NotNull(await FindAsync("second"));
    }

    [Fact]
    public async Task Throws_when_the_issuer_publishes_no_key()
    {
        issuer.Published.Clear();

        await Assert.ThrowsAsync<DependencyException>(() => FindAsync("first"));
    }

    [Fact]
    public async Task Does_not_fail_to_start_when_the_issuer_does_not_answer()
    {
        issuer.Status = 503;

        await keys.PrefetchAsync(CancellationToken.None);

        Assert.False(await keys.AreReadyAsync(CancellationToken.None));
    }

    private Task<Microsoft.IdentityModel.Tokens.JsonWebKey?> FindAsync(string keyId) => keys.FindAsync(keyId, CancellationToken.None);
}
