using System.Text.Json.Nodes;

namespace sls_venture.Orders.Tests.Functions;

/// <summary>The functions' binaries behind an HTTP API, over the real table's emulator.</summary>
public sealed class OrdersApiTests(LocalServices services) : IAsyncLifetime
{
    private RuntimeApi api = null!;
    private RunningFunction placeOrder = null!;
    private RunningFunction getOrder = null!;

    public async ValueTask InitializeAsync()
    {
        await services.StartAsync();
        api = await RuntimeApi.StartAsync();
        placeOrder = RunningFunction.Start("placeOrder", api, services.Settings);
        getOrder = RunningFunction.Start("getOrder", api, services.Settings);
    }

    public async ValueTask DisposeAsync()
    {
        if (api is null)
            return;
        await placeOrder.DisposeAsync();
        await getOrder.DisposeAsync();
        await api.DisposeAsync();
    }

    [Fact]
    public async Task Answers_every_sample()
    {
        await CallAsync(201, "placeOrder", EventFiles.Parse("placeOrder"));
        var (problem, _) = await CallAsync(404, "getOrder", EventFiles.Parse("getOrder"));

        Assert.Equal("no_such_order", (string)problem["code"]!);
        await getOrder.WaitForOutputAsync(line =>
            line.Contains("404 no_such_order", StringComparison.Ordinal) && line.Contains("Root=1-67891233-abcdef012345678912345678", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Gives_an_order_back_to_the_one_who_placed_it()
    {
        var (placed, location) = await CallAsync(201, "placeOrder", Place("""{"product":" Tea ","quantity":3}"""));
        var (found, _) = await CallAsync(200, "getOrder", Get((string)placed["id"]!));

        Assert.Equal($"/orders/{placed["id"]}", location);
        Assert.Equal(placed.ToJsonString(), found.ToJsonString());
        Assert.Equal(("Tea", 3), ((string)found["product"]!, (int)found["quantity"]!));
        Assert.InRange((DateTimeOffset)found["placedAt"]!, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
    }

    [Fact]
    public async Task Gives_nobody_the_order_of_another()
    {
        var (placed, _) = await CallAsync(201, "placeOrder", Place("""{"product":"Tea","quantity":3}"""));
        var other = JsonNode.Parse(Get((string)placed["id"]!).ToJsonString().Replace("0001\"", "0002\"", StringComparison.Ordinal))!.AsObject();
        other["pathParameters"]!["id"] = (string)placed["id"]!;

        Assert.Equal("no_such_order", (string)(await CallAsync(404, "getOrder", other)).Body["code"]!);
    }

    [Theory]
    [InlineData("placeOrder")]
    [InlineData("getOrder")]
    public async Task Lets_no_one_in_whom_no_authorizer_names(string function)
    {
        var request = EventFiles.Parse(function);
        request["requestContext"]!.AsObject().Remove("authorizer");

        Assert.Equal("not_signed_in", (string)(await CallAsync(401, function, request)).Body["code"]!);
    }

    [Theory]
    [InlineData("", "invalid_body")]
    [InlineData("{", "invalid_body")]
    [InlineData("""{"product":"Tea"}""", "invalid_body")]
    [InlineData("""{"product":null,"quantity":1}""", "invalid_body")]
    [InlineData("""{"product":"Tea","quantity":"two"}""", "invalid_body")]
    [InlineData("""{"product":"Tea","quantity":1,"price":0}""", "invalid_body")]
    [InlineData("""{"product":" ","quantity":1}""", "invalid_order")]
    [InlineData("""{"product":"Tea","quantity":0}""", "invalid_order")]
    [InlineData("""{"product":"Tea","quantity":1001}""", "invalid_order")]
    public async Task Answers_400_to_what_is_no_order(string body, string code) =>
        Assert.Equal(code, (string)(await CallAsync(400, "placeOrder", Place(body))).Body["code"]!);

    [Fact]
    public async Task Answers_503_when_the_table_is_down()
    {
        await using var down = await Loopback.StartAsync(http =>
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var alone = RunningFunction.Start("alone", api, new Dictionary<string, string?>(services.Settings) { ["_HANDLER"] = "getOrder", ["AWS_ENDPOINT_URL_DYNAMODB"] = down.Address.ToString() });

        Assert.Equal("dependency_unavailable", (string)(await CallAsync(503, "alone", Get("1"))).Body["code"]!);
        await alone.WaitForOutputAsync(line => line.Contains("DependencyException", StringComparison.Ordinal));
    }

    private static JsonObject Place(string body)
    {
        var request = EventFiles.Parse("placeOrder");
        request["body"] = body;
        return request;
    }

    private static JsonObject Get(string id)
    {
        var request = EventFiles.Parse("getOrder");
        request["rawPath"] = $"/orders/{id}";
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
