using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1;
using CallMetadata = Grpc.Core.Metadata;
using ErrorInfo = Google.Rpc.ErrorInfo;
using ErrorStatus = Google.Rpc.Status;
using HealthService = Grpc.Health.V1.Health;

namespace Company.Function._1.Tests;

using Host;
using Host.Protos;

/// <summary>The same calls over gRPC, over HTTP on the same host, and to the functions' binaries.</summary>
public sealed class GrpcTests(LocalServices services) : HostTest
{
    private GrpcChannel? grpcChannel;

    public override async ValueTask DisposeAsync()
    {
        grpcChannel?.Dispose();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Have_the_same_answers_and_errors()
    {
        await services.StartAsync();
        await StartAsync(services.Settings);
        await using var api = await RuntimeApi.StartAsync();
        await using var placing = RunningFunction.Start("placeTradeItem", api, services.Settings);
        await using var getting = RunningFunction.Start("getTradeItem", api, services.Settings);
        SignIn();

        async Task PlaceAsync(StatusCode code, int status, string json, PlaceTradeItemRequest request)
        {
            var overHttp = await AnswerAsync(await Http.PostAsync(Url("/trade-items"), new StringContent(json), Cancel));
            var overGrpc = await AnswerAsync(() => Client.PlaceTradeItemAsync(request, Metadata, cancellationToken: Cancel));
            var onLambda = await AnswerAsync(api, "placeTradeItem", "body", json);

            Assert.Equal(status, overHttp.Status);
            Assert.Equal(overHttp.WithoutIdentity, onLambda.WithoutIdentity);
            Assert.Equal(overHttp.WithoutIdentity with { Status = (int)code }, overGrpc.WithoutIdentity);
        }

        async Task<Answer> GetAsync(StatusCode code, int status, string id)
        {
            var overHttp = await AnswerAsync(await Http.GetAsync(Url($"/trade-items/{Uri.EscapeDataString(id)}"), Cancel));
            var overGrpc = await AnswerAsync(() => Client.GetTradeItemAsync(new() { Id = id }, Metadata, cancellationToken: Cancel));
            var onLambda = await AnswerAsync(api, "getTradeItem", "pathParameters", new JsonObject { ["id"] = id });

            Assert.Equal(status, overHttp.Status);
            Assert.Equal(overHttp, onLambda);
            Assert.Equal(overHttp with { Status = (int)code }, overGrpc);
            return overHttp;
        }

        await PlaceAsync(StatusCode.OK, 201, """{"product":" Th\u00e9 \"vert\" ","quantity":1000}""", new() { Product = " Th\u00e9 \"vert\" ", Quantity = 1000 });
        await PlaceAsync(StatusCode.InvalidArgument, 400, "{}", new());
        await PlaceAsync(StatusCode.InvalidArgument, 400, """{"product":"Tea"}""", new() { Product = "Tea" });
        await PlaceAsync(StatusCode.InvalidArgument, 400, """{"product":"Tea","quantity":0}""", new() { Product = "Tea", Quantity = 0 });
        await PlaceAsync(StatusCode.InvalidArgument, 400, """{"product":"","quantity":1}""", new() { Product = "", Quantity = 1 });
        var tooLong = new string('0', ApiRequest.MaxBodyBytes);
        await PlaceAsync(StatusCode.ResourceExhausted, 413, $$"""{"product":"{{tooLong}}","quantity":1}""", new() { Product = tooLong, Quantity = 1 });

        var placed = await Client.PlaceTradeItemAsync(new() { Product = "Tea", Quantity = 2 }, Metadata, cancellationToken: Cancel);
        Assert.Equal(new Answer(200, "Tea 2", placed.Id, placed.PlacedAt.ToDateTimeOffset()), await GetAsync(StatusCode.OK, 200, placed.Id));
        await GetAsync(StatusCode.NotFound, 404, "a b/c?d=%20");
        await GetAsync(StatusCode.InvalidArgument, 400, new string('0', 129));
#if (guarded)

        SignIn("somebody else");
        var another = await AnswerAsync(() => Client.GetTradeItemAsync(new() { Id = placed.Id }, Metadata, cancellationToken: Cancel));
        Assert.Equal(await AnswerAsync(await Http.GetAsync(Url($"/trade-items/{placed.Id}"), Cancel)) with { Status = (int)StatusCode.NotFound }, another);
#endif
    }
#if (guarded)

    [Theory]
    [InlineData(null, StatusCode.Unauthenticated, 401, "not_signed_in")]
#if (authJwt)
    [InlineData("garbage", StatusCode.Unauthenticated, 401, "token_denied")]
#else
    [InlineData("garbage", StatusCode.PermissionDenied, 403, "token_denied")]
#endif
    public async Task Need_a_good_token(string? token, StatusCode answer, int status, string code)
    {
        await StartAsync();
        if (token is not null)
            SignInWith(token);

        var overHttp = await AnswerAsync(await Http.GetAsync(Url("/trade-items/1"), Cancel));
        var overGrpc = await AnswerAsync(() => Client.GetTradeItemAsync(new() { Id = "1" }, Metadata, cancellationToken: Cancel));

        Assert.Equal((status, true), (overHttp.Status, overHttp.Text.StartsWith($"{code}: ", StringComparison.Ordinal)));
        Assert.Equal(overHttp with { Status = (int)answer }, overGrpc);
    }
#endif

    [Fact]
    public async Task Say_that_the_table_is_down_in_the_trace_of_the_caller()
    {
        const string Given = "Root=1-67891233-abcdef012345678912345678";
        await StartAsync();
        SignIn();

        using var request = Client.GetTradeItemAsync(new() { Id = "1" }, [.. Metadata, new(Trace.Header, Given)], cancellationToken: Cancel);
        var error = await Assert.ThrowsAsync<RpcException>(() => request.ResponseAsync);

        var info = InfoOf(error)!;
        Assert.Equal((StatusCode.Unavailable, "dependency_unavailable", Given), (error.StatusCode, info.Reason, info.Metadata["traceId"]));
        var headers = await request.ResponseHeadersAsync;
        Assert.Equal((Given, "1"), (headers.GetValue(Trace.Header), headers.GetValue("Retry-After")));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, await HealthAsync());
    }

    [Theory]
    [InlineData(StatusCode.Cancelled)]
    [InlineData(StatusCode.DeadlineExceeded)]
    public async Task End_in_the_handler_when_the_caller_waits_no_longer(StatusCode status)
    {
        var (asked, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var table = await Loopback.StartAsync(async request =>
        {
            request.RequestAborted.Register(ended.SetResult);
            asked.SetResult();
            await ended.Task;
        });
        await StartAsync(new() { ["AWS_ENDPOINT_URL_DYNAMODB"] = table.Address.ToString() });
        SignIn();

        using var token = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var until = status == StatusCode.DeadlineExceeded ? DateTime.UtcNow.AddSeconds(1) : (DateTime?)null;
        var answer = Client.GetTradeItemAsync(new() { Id = "1" }, Metadata, until, token.Token).ResponseAsync;
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        var start = DateTime.UtcNow;
        if (until is null)
            await token.CancelAsync();

        Assert.Equal(status, (await Assert.ThrowsAsync<RpcException>(() => answer)).StatusCode);
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        // By itself, the service waits 2 seconds for the table.
        Assert.InRange(DateTime.UtcNow - start, TimeSpan.Zero, TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public async Task Find_health_and_in_development_the_contract()
    {
        await services.StartAsync();
        await StartAsync(new(services.Settings) { ["environment"] = "Development" });

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await HealthAsync());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await HealthAsync(TradeItemsService.Descriptor.FullName));
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => HealthAsync("another"))).StatusCode);
        Assert.Contains(TradeItemsService.Descriptor.FullName, await ReflectAsync());
    }

    [Fact]
    public async Task Find_no_contract_elsewhere()
    {
        await StartAsync();

        Assert.Equal(StatusCode.Unimplemented, (await Assert.ThrowsAsync<RpcException>(ReflectAsync)).StatusCode);
    }

    [Theory]
    [InlineData("", "is missing")]
    [InlineData("8081", "is \"8081\"")]
    [InlineData("https://127.0.0.1:8081", "is \"https://127.0.0.1:8081\"")]
    [InlineData("http://127.0.0.1:5000", "is \"http://127.0.0.1:5000\"")]
    public void Need_an_address_of_their_own(string address, string fault) =>
        Assert.StartsWith(
            $"The setting GRPC_URL {fault}; expected the address for gRPC",
            Assert.Throws<SettingException>(() => HostedService.Build(Arguments(new() { ["GRPC_URL"] = address, ["urls"] = "http://127.0.0.1:5000" }))).Message,
            StringComparison.Ordinal);

    private GrpcChannel OpenChannel => grpcChannel ??= GrpcChannel.ForAddress(Urls.Last());

    private TradeItemsService.TradeItemsServiceClient Client => new(OpenChannel);

    // As whom HTTP is called, too.
    private CallMetadata Metadata => Http.DefaultRequestHeaders.Authorization is { } header ? new() { { "Authorization", $"{header}" } } : [];

    private static async Task<Answer> AnswerAsync(HttpResponseMessage response) => Answer.Of((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));

    private static async Task<Answer> AnswerAsync(RuntimeApi api, string function, string name, JsonNode value)
    {
        var request = EventFiles.Parse(function);
        request[name] = value;
        var answer = await api.InvokeAsync(function, request.ToJsonString());
        Assert.True(answer.Succeeded, answer.Text);
        var response = JsonNode.Parse(answer.Text)!;
        return Answer.Of((int)response["statusCode"]!, (string)response["body"]!);
    }

    private static async Task<Answer> AnswerAsync(Func<AsyncUnaryCall<TradeItemReply>> start)
    {
        using var request = start();
        try
        {
            var message = await request.ResponseAsync;
            return Answer.Of((int)StatusCode.OK, message.Id, message.Product, message.Quantity, message.PlacedAt.ToDateTimeOffset());
        }
        catch (RpcException exception) when (InfoOf(exception) is { } info)
        {
            return new Answer((int)exception.StatusCode, $"{info.Reason}: {exception.Status.Detail}");
        }
    }

    private static ErrorInfo? InfoOf(RpcException exception) =>
        exception.Trailers.GetValueBytes("grpc-status-details-bin") is { } bytes && ErrorStatus.Parser.ParseFrom(bytes).Details is [var first] ? first.Unpack<ErrorInfo>() : null;

    private async Task<HealthCheckResponse.Types.ServingStatus> HealthAsync(string service = "") =>
        (await new HealthService.HealthClient(OpenChannel).CheckAsync(new() { Service = service }, cancellationToken: Cancel)).Status;

    private async Task<IEnumerable<string>> ReflectAsync()
    {
        using var request = new ServerReflection.ServerReflectionClient(OpenChannel).ServerReflectionInfo(cancellationToken: Cancel);
        await request.RequestStream.WriteAsync(new() { ListServices = "" }, Cancel);
        await request.RequestStream.CompleteAsync();
        Assert.True(await request.ResponseStream.MoveNext(Cancel));
        return request.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name);
    }

    // What all three say: the status, and for a trade item its values, for a problem its code and its sentence.
    private sealed record Answer(int Status, string Text, string? Id = null, DateTimeOffset? PlacedAt = null)
    {
        // Each placing makes a trade item of its own.
        public Answer WithoutIdentity => this with { Id = null, PlacedAt = null };

        public static Answer Of(int status, string json)
        {
            var body = JsonNode.Parse(json)!;
            return (string?)body["code"] is { } code
                ? new Answer(status, code + ": " + (string)body["detail"]!)
                : Of(status, (string)body["id"]!, (string)body["product"]!, (int)body["quantity"]!, (DateTimeOffset)body["placedAt"]!);
        }

        public static Answer Of(int status, string id, string product, int quantity, DateTimeOffset placedAt) => new(status, $"{product} {quantity}", id, placedAt);
    }
}
