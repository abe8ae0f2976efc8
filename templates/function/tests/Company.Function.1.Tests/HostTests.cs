using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
#if (guarded)
using Serverless.Tokens;
#endif

namespace Company.Function._1.Tests;

using Host;

/// <summary>The service on Kestrel, over HTTP.</summary>
public sealed class HostTests(LocalServices services) : HostTest
{
    [Fact]
    public async Task Places_a_trade_item_and_gives_it_back()
    {
        await services.StartAsync();
        await StartAsync(services.Settings);
        SignIn();

        using var placed = await Http.PostAsync(Url("/trade-items"), JsonContent.Create(new { product = "Tea", quantity = 2 }), Cancel);
        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        var found = JsonNode.Parse(await Http.GetStringAsync(Url(placed.Headers.Location!.ToString()), Cancel))!;

        Assert.Equal(("Tea", 2), ((string)found["product"]!, (int)found["quantity"]!));
        Assert.Equal((string)JsonNode.Parse(await placed.Content.ReadAsStringAsync(Cancel))!["placedAt"]!, (string)found["placedAt"]!);
        Assert.True(Trace.IsValid(placed.Headers.GetValues(Trace.Header).Single()));
        Assert.Equal(HttpStatusCode.OK, (await Http.GetAsync(Url("/health/ready"), Cancel)).StatusCode);
        Assert.Equal("3.1.0", (string)JsonNode.Parse(await Http.GetStringAsync(Url("/openapi.json"), Cancel))!["openapi"]!);
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
            SignInWith(token);

        using var response = await Http.GetAsync(Url("/trade-items/1"), Cancel);

        Assert.Equal((status, code), ((int)response.StatusCode, await CodeAsync(response)));
    }
#endif

    [Fact]
    public async Task Answers_503_when_the_table_is_down()
    {
        await StartAsync();
        SignIn();

        using var response = await Http.GetAsync(Url("/trade-items/1"), Cancel);

        Assert.Equal((503, "dependency_unavailable"), ((int)response.StatusCode, await CodeAsync(response)));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Http.GetAsync(Url("/health/ready"), Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Http.GetAsync(Url("/health/live"), Cancel)).StatusCode);
    }

    [Fact]
    public void Does_not_begin_without_a_table() =>
        Assert.StartsWith("The setting TRADE_ITEMS_TABLE is missing", Assert.Throws<SettingException>(() => HostedService.Build(Arguments(new() { ["TRADE_ITEMS_TABLE"] = "" }))).Message, StringComparison.Ordinal);

    private static async Task<string> CodeAsync(HttpResponseMessage response) => (string)JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["code"]!;
}
