using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Serverless.Tokens;

/// <summary>The verifier before routes on Kestrel.</summary>
public sealed class KestrelAuthorizerTests
{
    [Fact]
    public async Task Hands_the_caller_on_and_logs_whom_it_denies()
    {
        await using var issuer = await TestIssuer.StartAsync();
        using var lines = new Lines();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(lines);
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapRoutes([new("who", "GET", "/who", Access.Token, TellWho)], new TokenVerifier(issuer.Rules, TimeProvider.System));
        await app.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal((200, "5e3c0a7c-0000-4000-8000-000000000001"), await AskAsync(app, issuer.Token()));
        Assert.Equal(403, (await AskAsync(app, issuer.Token(claims => claims["client_id"] = "other"))).Status);

        Assert.Contains(lines.Written, line => line.StartsWith("Denied: wrong_client, key first, subject 5e3c0a7c-0000-4000-8000-000000000001", StringComparison.Ordinal));
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
        public ConcurrentQueue<string> Written { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
