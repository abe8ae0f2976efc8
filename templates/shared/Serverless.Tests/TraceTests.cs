namespace Serverless.Tests;

public sealed class TraceTests
{
    [Theory]
    [InlineData("Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1", true)]
    [InlineData("Self=1-67891233-12456789abcdef012345678;Root=1-67891233-abcdef012345678912345678", true)]
    [InlineData("Root=1-\r\nX: y", false)]
    [InlineData("<script>;Root=1-67891233-abcdef012345678912345678", false)]
    [InlineData("", false)]
    public void Accepts_a_text_from_outside_only_in_the_form_of_a_trace_id(string traceId, bool isValid) => Assert.Equal(isValid, Trace.IsValid(traceId));

    [Fact]
    public void Creates_a_trace_id_of_that_form() => Assert.True(Trace.IsValid(Trace.Create()));

    [Fact]
    public async Task Goes_with_every_request_of_a_client()
    {
        var received = new List<string>();
        await using var server = await Loopback.StartAsync(http =>
        {
            received.Add(http.Request.Headers[Trace.Header].ToString());
            return Task.CompletedTask;
        });
        using var client = new HttpClient(new Trace.Handler(new SocketsHttpHandler()));

        Trace.Current = null;
        await client.GetStringAsync(server.Address, TestContext.Current.CancellationToken);
        Trace.Current = Trace.Create();
        await client.GetStringAsync(server.Address, TestContext.Current.CancellationToken);

        Assert.Equal(["", Trace.Current], received);
    }

    [Fact]
    public async Task Takes_the_place_of_the_trace_that_the_aws_sdk_has_set()
    {
        var received = "";
        await using var server = await Loopback.StartAsync(http =>
        {
            received = http.Request.Headers[Trace.Header].ToString();
            return Task.CompletedTask;
        });
        using var client = new HttpClient(new Trace.Handler(new SocketsHttpHandler()));
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Address);
        request.Headers.Add(Trace.Header, "Root=1-00000000-000000000000000000000000");

        Trace.Current = Trace.Create();
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(Trace.Current, received);
    }
}
