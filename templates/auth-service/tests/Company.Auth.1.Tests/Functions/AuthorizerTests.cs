using System.Text.Json.Nodes;
using Amazon.Lambda.APIGatewayEvents;
using Company.Auth._1.Functions;
using Serverless.Tokens;

namespace Company.Auth._1.Tests.Functions;

public sealed class AuthorizerTests : IAsyncLifetime
{
    private TestIssuer issuer = null!;
    private RuntimeApi api = null!;
    private RunningFunction function = null!;

    public async ValueTask InitializeAsync()
    {
        issuer = await TestIssuer.StartAsync();
        api = await RuntimeApi.StartAsync();
        function = RunningFunction.Start("authorizer", api, new Dictionary<string, string?>
        {
            ["TOKEN_ISSUERS"] = issuer.Name,
            ["TOKEN_CLIENTS"] = "client",
            ["TOKEN_USE"] = "access",
        });
    }

    public async ValueTask DisposeAsync()
    {
        await function.DisposeAsync();
        await api.DisposeAsync();
        await issuer.DisposeAsync();
    }

    [Fact]
    public async Task Admits_and_tells_the_functions_who_is_there()
    {
        var answer = JsonNode.Parse((await InvokeAsync("Bearer " + issuer.Token())).Text)!;

        Assert.True((bool)answer["isAuthorized"]!);
        var caller = Caller.FromContext(answer["context"]!.AsObject().ToDictionary(value => value.Key, value => (string)value.Value!))!;
        Assert.Equal(("5e3c0a7c-0000-4000-8000-000000000001", "ada"), (caller.Sub, caller.UserName));
        Assert.Equal(["staff", "night shift"], caller.Groups);
        Assert.Equal(["aws.cognito.signin.user.admin", "teams"], caller.Scopes);
        Assert.False(caller.HasExpired(TimeProvider.System));
        Assert.Equal(1, issuer.Fetches);
    }

    [Fact]
    public async Task Denies_and_logs_why_without_the_token()
    {
        var token = issuer.Token(claims => claims["token_use"] = "id");

        var answer = await InvokeAsync("Bearer " + token);

        Assert.Equal("""{"isAuthorized":false}""", answer.Text);
        var line = await function.WaitForOutputAsync(line => line.Contains("wrong_use", StringComparison.Ordinal));
        Assert.Contains("5e3c0a7c-0000-4000-8000-000000000001", line, StringComparison.Ordinal);
        Assert.Contains("Root=1-67891233-abcdef012345678912345678", line, StringComparison.Ordinal);
        Assert.DoesNotContain(function.Output.Concat(function.Errors), text => text.Contains(token.Split('.')[1], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fails_and_does_not_deny_when_the_keys_cannot_be_fetched()
    {
        issuer.Status = 503;

        var answer = await InvokeAsync("Bearer " + issuer.Token(header: header => header["kid"] = "second", key: TestIssuer.SecondKey));

        Assert.Equal(nameof(DependencyException), answer.ErrorType);
        await function.WaitForOutputAsync(line => line.Contains("Cannot decide", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Gives_no_answer_about_a_new_token_whose_key_may_be_about_to_appear_and_does_not_fail()
    {
        var answer = await InvokeAsync("Bearer " + issuer.Token(header: header => header["kid"] = "second", key: TestIssuer.SecondKey));

        Assert.True(answer.Succeeded);
        Assert.Equal("null", answer.Text);
        await function.WaitForOutputAsync(line => line.Contains("Undecided: key second", StringComparison.Ordinal));
    }

    /// <summary>
    /// What a stranger can do with requests that cost them nothing: the alarm AuthorizerErrors counts failed invocations, so none may fail,
    /// the keys are not asked for more often than every ten seconds, and a request leaves one short line.
    /// </summary>
    [Theory]
    [InlineData("no issuer")]
    [InlineData("invented keys")]
    public async Task Takes_a_flood_of_anonymous_requests_with_no_failure_few_fetches_and_little_in_the_log(string kind)
    {
        const int Requests = 1_000;
        var started = System.Diagnostics.Stopwatch.StartNew();
        var (failed, denied, undecided) = (0, 0, 0);
        for (var i = 0; i < Requests; i++)
        {
            var header = new JsonObject { ["alg"] = "RS256", ["kid"] = kind == "no issuer" ? "first" : $"unknown-{i}" };
            var claims = new JsonObject { ["iss"] = null };
            if (kind != "no issuer")
            {
                claims = issuer.Claims;
                // Every second token is older than a minute: only its key is declared unknown.
                claims["iat"] = DateTimeOffset.UtcNow.AddSeconds(i % 2 * -120).ToUnixTimeSeconds();
            }

            var answer = await InvokeAsync($"Bearer {TestIssuer.Encode(header.ToJsonString())}.{TestIssuer.Encode(claims.ToJsonString())}.");
            failed += answer.Succeeded ? 0 : 1;
            denied += answer.Text == """{"isAuthorized":false}""" ? 1 : 0;
            undecided += answer.Text == "null" ? 1 : 0;
        }

        // The process writes its lines before it answers, but they are read from its output beside the answers.
        for (var waited = 0; function.Output.Count(IsDecision) < Requests && waited < 100; waited++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        var bytes = function.Output.Concat(function.Errors).Sum(line => System.Text.Encoding.UTF8.GetByteCount(line) + 1);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{Requests} requests, {kind}: {bytes} bytes logged ({bytes / Requests} each), {issuer.Fetches} fetches of keys, {failed} failures, {denied} denied, {undecided} without an answer, in {started.Elapsed.TotalSeconds:0} s");

        Assert.Equal(0, failed);
        Assert.Equal(Requests, denied + undecided);
        Assert.Equal(kind == "no issuer", undecided == 0);
        // One at the start, and for unknown keys one at once and then one every ten seconds.
        Assert.InRange(issuer.Fetches, 0, kind == "no issuer" ? 1 : 2 + (int)(started.Elapsed.TotalSeconds / 10));
        Assert.Equal(Requests, function.Output.Count(IsDecision));
        Assert.InRange(bytes / Requests, 0, 512);
        Assert.Empty(function.Errors);

        static bool IsDecision(string line) =>
            line.Contains("Denied: ", StringComparison.Ordinal) || line.Contains("Undecided: ", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Denies_without_the_header()
    {
        var answer = await InvokeAsync(null);

        Assert.Equal("""{"isAuthorized":false}""", answer.Text);
        await function.WaitForOutputAsync(line => line.Contains("no_token", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Denies_a_caller_of_whom_there_is_too_much_to_hand_on()
    {
        using var verifier = new TokenVerifier(issuer.Rules, TimeProvider.System);
        // A token holds such a letter in two bytes, the context's JSON in six characters.
        var token = issuer.Token(claims => claims["cognito:groups"] = new JsonArray([.. Enumerable.Range(0, 300).Select(_ => JsonValue.Create("üüüü"))]));

        Assert.IsType<Admitted>(await verifier.VerifyAsync("Bearer " + token, CancellationToken.None));
        var response = await Authorizer.Handle(
            Request(new() { ["authorization"] = "Bearer " + token }), new LocalContext("authorizer"), verifier);

        Assert.False(response!.IsAuthorized);
        Assert.Null(response.Context);
    }

    [Fact]
    public async Task Joins_headers_that_differ_in_case_only()
    {
        using var verifier = new TokenVerifier(issuer.Rules, TimeProvider.System);
        var request = Request(new() { ["authorization"] = "Bearer " + issuer.Token(), ["Authorization"] = "Bearer other" });

        Assert.False((await Authorizer.Handle(request, new LocalContext("authorizer"), verifier))!.IsAuthorized);
    }

    private static APIGatewayCustomAuthorizerV2Request Request(Dictionary<string, string> headers) => new() { Headers = headers };

    private Task<Answer> InvokeAsync(string? authorization)
    {
        var request = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "events", "authorizer.json")))!;
        request["headers"]!.AsObject().Remove("authorization");
        if (authorization is not null)
            request["headers"]!["authorization"] = authorization;
        return api.InvokeAsync("authorizer", request.ToJsonString());
    }
}
