using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Serverless.Tokens;

namespace Serverless.Tests;

/// <summary>The verifier before routes on Kestrel.</summary>
public sealed class KestrelAuthorizerTests
{
    [Fact]
    public async Task Hands_the_caller_on_and_logs_whom_it_denies()
    {
        await using var issuer = await TestIssuer.StartAsync();
        using var lines = new Lines();
        await using var app = await StartAsync(issuer, lines);

        Assert.Equal((200, "5e3c0a7c-0000-4000-8000-000000000001"), await AskAsync(app, issuer.Token()));
        Assert.Equal(403, (await AskAsync(app, issuer.Token(claims => claims["client_id"] = "other"))).Status);

        Assert.Contains(lines.Written, line => line.Text.StartsWith("Denied: wrong_client, key first, subject 5e3c0a7c-0000-4000-8000-000000000001", StringComparison.Ordinal));
    }

    /// <summary>As before the Lambda authorizer: each request gets its answer, few of them fetch the keys, each leaves two short
    /// lines (the reason and the answer), and none is an error, which someone may be called for.</summary>
    [Theory]
    [InlineData("no issuer")]
    [InlineData("invented keys")]
    public async Task Takes_a_flood_of_anonymous_requests_with_no_failure_few_fetches_and_little_in_the_log(string kind)
    {
        const int Requests = 1_000;
        await using var issuer = await TestIssuer.StartAsync();
        using var lines = new Lines();
        await using var app = await StartAsync(issuer, lines);
        var started = Stopwatch.StartNew();
        var statuses = new List<int>();
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

            statuses.Add((await AskAsync(app, $"{TestIssuer.Encode(header.ToJsonString())}.{TestIssuer.Encode(claims.ToJsonString())}.")).Status);
        }

        var bytes = lines.Written.Sum(line => Encoding.UTF8.GetByteCount(line.Text) + 1);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{Requests} requests, {kind}: {bytes} bytes logged, {issuer.Fetches} fetches of keys, in {started.Elapsed.TotalSeconds:0} s, {string.Join(", ", statuses.CountBy(status => status))}");

        Assert.All(statuses, status => Assert.True(status is 403 || (status is 503 && kind != "no issuer"), $"{status}"));
        Assert.InRange(issuer.Fetches, 0, 2 + (int)(started.Elapsed.TotalSeconds / 10));
        Assert.Equal(2 * Requests, lines.Written.Count);
        Assert.DoesNotContain(lines.Written, line => line.Level != LogLevel.Warning);
        Assert.InRange(bytes / Requests, 0, 256);
    }

    private static async Task<WebApplication> StartAsync(TestIssuer issuer, Lines lines)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddFilter("Microsoft", LogLevel.Warning).AddProvider(lines);
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapRoutes([new("who", "GET", "/who", Access.Token, TellWho)], new TokenVerifier(issuer.Rules, TimeProvider.System));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static Task<ApiResponse> TellWho(ApiRequest request) =>
        Task.FromResult(new ApiResponse(200) { ContentType = "text/plain", Body = Encoding.UTF8.GetBytes(request.RequireCaller().Sub) });

    private static async Task<(int Status, string Body)> AskAsync(WebApplication app, string token)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.GetAsync(new Uri(new Uri(app.Urls.First()), "/who"), TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> Written { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Enqueue((logLevel, formatter(state, exception)));

        public void Dispose()
        {
        }
    }
}
