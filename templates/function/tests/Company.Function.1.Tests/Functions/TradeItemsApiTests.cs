using System.Text.Json.Nodes;

namespace Company.Function._1.Tests.Functions;

/// <summary>The functions' binaries behind an HTTP API, over the real table's emulator.</summary>
public sealed class TradeItemsApiTests(LocalServices services) : IAsyncLifetime
{
    private RuntimeApi api = null!;
    private RunningFunction placeTradeItem = null!;
    private RunningFunction getTradeItem = null!;

    public async ValueTask InitializeAsync()
    {
        await services.StartAsync();
        api = await RuntimeApi.StartAsync();
        placeTradeItem = RunningFunction.Start("placeTradeItem", api, services.Settings);
        getTradeItem = RunningFunction.Start("getTradeItem", api, services.Settings);
    }

    public async ValueTask DisposeAsync()
    {
        if (api is null)
            return;
        await placeTradeItem.DisposeAsync();
        await getTradeItem.DisposeAsync();
        await api.DisposeAsync();
    }

    [Fact]
    public async Task Answers_every_sample()
    {
        await CallAsync(201, "placeTradeItem", EventFiles.Parse("placeTradeItem"));
        var (problem, _) = await CallAsync(404, "getTradeItem", EventFiles.Parse("getTradeItem"));

        Assert.Equal("no_such_trade_item", (string)problem["code"]!);
        await getTradeItem.WaitForOutputAsync(line =>
            line.Contains("404 no_such_trade_item", StringComparison.Ordinal) && line.Contains("Root=1-67891233-abcdef012345678912345678", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Gives_a_trade_item_back_to_the_one_who_placed_it()
    {
        var (placed, location) = await CallAsync(201, "placeTradeItem", Place("""{"product":" Tea ","quantity":3}"""));
        var (found, _) = await CallAsync(200, "getTradeItem", Get((string)placed["id"]!));

        Assert.Equal($"/trade-items/{placed["id"]}", location);
        Assert.Equal(placed.ToJsonString(), found.ToJsonString());
        Assert.Equal(("Tea", 3), ((string)found["product"]!, (int)found["quantity"]!));
        Assert.InRange((DateTimeOffset)found["placedAt"]!, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
    }
#if (!authNone)

    [Fact]
    public async Task Gives_nobody_the_trade_item_of_another()
    {
        var (placed, _) = await CallAsync(201, "placeTradeItem", Place("""{"product":"Tea","quantity":3}"""));
        var other = JsonNode.Parse(Get((string)placed["id"]!).ToJsonString().Replace("0001\"", "0002\"", StringComparison.Ordinal))!.AsObject();
        other["pathParameters"]!["id"] = (string)placed["id"]!;

        Assert.Equal("no_such_trade_item", (string)(await CallAsync(404, "getTradeItem", other)).Body["code"]!);
    }

    [Theory]
    [InlineData("placeTradeItem")]
    [InlineData("getTradeItem")]
    public async Task Lets_no_one_in_whom_no_authorizer_names(string function)
    {
        var request = EventFiles.Parse(function);
        request["requestContext"]!.AsObject().Remove("authorizer");

        Assert.Equal("not_signed_in", (string)(await CallAsync(401, function, request)).Body["code"]!);
    }
#endif

    [Theory]
    [InlineData("", "invalid_body")]
    [InlineData("{", "invalid_body")]
    [InlineData("""{"product":"Tea"}""", "invalid_body")]
    [InlineData("""{"product":null,"quantity":1}""", "invalid_body")]
    [InlineData("""{"product":"Tea","quantity":"two"}""", "invalid_body")]
    [InlineData("""{"product":"Tea","quantity":1,"price":0}""", "invalid_body")]
    [InlineData("""{"product":" ","quantity":1}""", "invalid_trade_item")]
    [InlineData("""{"product":"Tea","quantity":0}""", "invalid_trade_item")]
    [InlineData("""{"product":"Tea","quantity":1001}""", "invalid_trade_item")]
    public async Task Answers_400_to_what_is_no_trade_item(string body, string code) =>
        Assert.Equal(code, (string)(await CallAsync(400, "placeTradeItem", Place(body))).Body["code"]!);

    [Fact]
    public async Task Answers_503_when_the_table_is_down()
    {
        await using var down = await Loopback.StartAsync(http =>
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var alone = RunningFunction.Start("alone", api, new Dictionary<string, string?>(services.Settings) { ["_HANDLER"] = "getTradeItem", ["AWS_ENDPOINT_URL_DYNAMODB"] = down.Address.ToString() });

        Assert.Equal("dependency_unavailable", (string)(await CallAsync(503, "alone", Get("1"))).Body["code"]!);
        await alone.WaitForOutputAsync(line => line.Contains("DependencyException", StringComparison.Ordinal));
    }

    private static JsonObject Place(string body)
    {
        var request = EventFiles.Parse("placeTradeItem");
        request["body"] = body;
        return request;
    }

    private static JsonObject Get(string id)
    {
        var request = EventFiles.Parse("getTradeItem");
        request["rawPath"] = $"/trade-items/{id}";
        request["pathParameters"]!["id"] = id;
        return request;
    }

    private async Task<(JsonNode Body, string? Location)> CallAsync(int status, string function, JsonObject request)
    {
        var answer = await api.InvokeAsync(function, request.ToJsonString());
        Assert.True(answer.Succeeded, answer.Text);
        var response = JsonNode.Parse(answer.Text)!;
        Assert.True(status == (int)response["statusCode"]!, answer.Text);
        return (JsonNode.Parse((string)response["body"]!)!, (string?)response["headers"]!["Location"]);
    }
}
