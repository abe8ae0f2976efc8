using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
#if (guarded)
using Serverless.Tokens;
#endif

namespace Company.Function._1.Tests;

using Host;

/// <summary>The service on Kestrel, over HTTP.</summary>
public sealed class HostTests(LocalServices services) : IAsyncLifetime
{
    private readonly HttpClient http = new();
    private WebApplication? app;
#if (guarded)
    private TestIssuer issuer = null!;

    public async ValueTask InitializeAsync() => issuer = await TestIssuer.StartAsync();
#else

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;
#endif

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (app is not null)
            await app.DisposeAsync();
#if (guarded)
        await issuer.DisposeAsync();
#endif
    }

    [Fact]
    public async Task Places_a_trade_item_and_gives_it_back()
    {
        await services.StartAsync();
        await StartAsync(services.Settings);
        SignIn();

        using var placed = await http.PostAsync(Url("/trade-items"), JsonContent.Create(new { product = "Tea", quantity = 2 }), Cancel);
        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        var found = JsonNode.Parse(await http.GetStringAsync(Url(placed.Headers.Location!.ToString()), Cancel))!;

        Assert.Equal(("Tea", 2), ((string)found["product"]!, (int)found["quantity"]!));
        Assert.Equal((string)JsonNode.Parse(await placed.Content.ReadAsStringAsync(Cancel))!["placedAt"]!, (string)found["placedAt"]!);
        Assert.True(Trace.IsValid(placed.Headers.GetValues(Trace.Header).Single()));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(Url("/health/ready"), Cancel)).StatusCode);
        Assert.Equal("3.1.0", (string)JsonNode.Parse(await http.GetStringAsync(Url("/openapi.json"), Cancel))!["openapi"]!);
    }
#if (guarded)

    [Theory]
    [InlineData(null, 401, "not_signed_in")]
#if (authJwt)
    [InlineData("garbage", 401, "token_denied")]
#else
    [InlineData("garbage", 403, "token_denied")]
#endif
    public async Task Lets_no_one_in_without_a_good_token(string? token, int status, string code)
    {
        await StartAsync();
        if (token is not null)
            http.DefaultRequestHeaders.Authorization = new("Bearer", token);

        using var response = await http.GetAsync(Url("/trade-items/1"), Cancel);

        Assert.Equal((status, code), ((int)response.StatusCode, await CodeAsync(response)));
    }
#endif

    [Fact]
    public async Task Answers_503_when_the_table_is_down()
    {
        await StartAsync();
        SignIn();

        using var response = await http.GetAsync(Url("/trade-items/1"), Cancel);

        Assert.Equal((503, "dependency_unavailable"), ((int)response.StatusCode, await CodeAsync(response)));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync(Url("/health/ready"), Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(Url("/health/live"), Cancel)).StatusCode);
    }

    [Fact]
    public void Does_not_begin_without_a_table() =>
        Assert.StartsWith("The setting TRADE_ITEMS_TABLE is missing", Assert.Throws<SettingException>(() => HostedService.Build(Arguments(new() { ["TRADE_ITEMS_TABLE"] = "" }))).Message, StringComparison.Ordinal);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<string> CodeAsync(HttpResponseMessage response) => (string)JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["code"]!;

    private void SignIn()
    {
#if (guarded)
        http.DefaultRequestHeaders.Authorization = new("Bearer", issuer.Token());
#endif
    }

    private Uri Url(string path) => new(new Uri(app!.Urls.First()), path);

    // The table does not answer, unless other settings name one that does.
    private string[] Arguments(Dictionary<string, string?>? settings) =>
    [
        $"--contentRoot={AppContext.BaseDirectory}",
        "--urls=http://127.0.0.1:0",
#if (guarded)
        $"--TOKEN_ISSUERS={issuer.Name}",
        "--TOKEN_CLIENTS=client",
#endif
        "--TRADE_ITEMS_TABLE=tradeItems",
        "--AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:9",
#if (hasGrpc)
        $"--GRPC_URL=http://127.0.0.1:{Loopback.FreePort()}",
#endif
        .. (settings ?? []).Select(setting => $"--{setting.Key}={setting.Value}"),
    ];

    private async Task StartAsync(Dictionary<string, string?>? settings = null)
    {
        app = HostedService.Build(Arguments(settings));
        await app.StartAsync(Cancel);
    }
}
