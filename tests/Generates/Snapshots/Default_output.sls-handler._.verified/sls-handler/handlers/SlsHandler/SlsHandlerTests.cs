using System.Text.Json.Nodes;
using Serverless.Testing;
using Xunit;

namespace Handlers;

/// <summary>The function's binary behind an HTTP API.</summary>
public sealed class SlsHandlerTests : IAsyncLifetime
{
    private RuntimeApi api = null!;
    private RunningFunction function = null!;

    public async ValueTask InitializeAsync()
    {
        api = await RuntimeApi.StartAsync();
        function = RunningFunction.Start("slsHandler", api);
    }

    public async ValueTask DisposeAsync()
    {
        await function.DisposeAsync();
        await api.DisposeAsync();
    }

    [Fact]
    public async Task Answers_the_sample()
    {
        var (response, body) = await CallAsync(Sample);

        Assert.Equal(200, (int)response["statusCode"]!);
        Assert.Equal((string)Sample["rawPath"]!, (string)body["path"]!);
        Assert.Equal("5e3c0a7c-0000-4000-8000-000000000001", (string)body["sub"]!);
        Assert.Equal((string)Sample["headers"]!["x-amzn-trace-id"]!, (string)response["headers"]!["x-amzn-trace-id"]!);
    }

    [Fact]
    public async Task Denies_a_request_without_a_caller()
    {
        var request = Sample;
        request["requestContext"]!.AsObject().Remove("authorizer");

        var (response, problem) = await CallAsync(request);

        Assert.Equal((401, "not_signed_in"), ((int)response["statusCode"]!, (string)problem["code"]!));
    }

    private static JsonObject Sample => JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "events", "slsHandler.json")))!.AsObject();

    private async Task<(JsonNode Response, JsonNode Body)> CallAsync(JsonObject request)
    {
        var answer = await api.InvokeAsync("slsHandler", request.ToJsonString());
        Assert.True(answer.Succeeded, answer.Text);
        var response = JsonNode.Parse(answer.Text)!;
        return (response, JsonNode.Parse((string)response["body"]!)!);
    }
}
