using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1;
using Microsoft.AspNetCore.Builder;
using CallMetadata = Grpc.Core.Metadata;
using ErrorInfo = Google.Rpc.ErrorInfo;
using ErrorStatus = Google.Rpc.Status;
using HealthService = Grpc.Health.V1.Health;

namespace Company.Function._1.Tests;

using Host;
using Host.Protos;

/// <summary>The same calls over gRPC, over HTTP on the same host, and to the functions' binaries.</summary>
public sealed class GrpcTests(LocalServices services) : IAsyncLifetime
{
    private readonly HttpClient http = new();
    private readonly CallMetadata metadata = [];
    private WebApplication? app;
    private GrpcChannel? grpcChannel;
#if (guarded)
    private TestIssuer issuer = null!;

    public async ValueTask InitializeAsync() => issuer = await TestIssuer.StartAsync();
#else

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;
#endif

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        grpcChannel?.Dispose();
        if (app is not null)
            await app.DisposeAsync();
#if (guarded)
        await issuer.DisposeAsync();
#endif
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
            var overHttp = await AnswerAsync(await http.PostAsync(Url("/trade-items"), new StringContent(json), Cancel));
            var overGrpc = await AnswerAsync(() => Client.PlaceTradeItemAsync(request, metadata, cancellationToken: Cancel));
            var onLambda = await AnswerAsync(api, "placeTradeItem", "body", json);

            Assert.Equal(status, overHttp.Status);
            Assert.Equal(overHttp.WithoutIdentity, onLambda.WithoutIdentity);
            Assert.Equal(overHttp.WithoutIdentity with { Status = (int)code }, overGrpc.WithoutIdentity);
        }

        async Task<Answer> GetAsync(StatusCode code, int status, string id)
        {
            var overHttp = await AnswerAsync(await http.GetAsync(Url($"/trade-items/{Uri.EscapeDataString(id)}"), Cancel));
            var overGrpc = await AnswerAsync(() => Client.GetTradeItemAsync(new() { Id = id }, metadata, cancellationToken: Cancel));
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

        var placed = await Client.PlaceTradeItemAsync(new() { Product = "Tea", Quantity = 2 }, metadata, cancellationToken: Cancel);
        Assert.Equal(new Answer(200, "Tea 2", placed.Id, placed.PlacedAt.ToDateTimeOffset()), await GetAsync(StatusCode.OK, 200, placed.Id));
        await GetAsync(StatusCode.NotFound, 404, "a b/c?d=%20");
        await GetAsync(StatusCode.InvalidArgument, 400, new string('0', 129));
#if (guarded)

        SignIn("somebody else");
        var another = await AnswerAsync(() => Client.GetTradeItemAsync(new() { Id = placed.Id }, metadata, cancellationToken: Cancel));
        Assert.Equal(await AnswerAsync(await http.GetAsync(Url($"/trade-items/{placed.Id}"), Cancel)) with { Status = (int)StatusCode.NotFound }, another);
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

        var overHttp = await AnswerAsync(await http.GetAsync(Url("/trade-items/1"), Cancel));
        var overGrpc = await AnswerAsync(() => Client.GetTradeItemAsync(new() { Id = "1" }, metadata, cancellationToken: Cancel));

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
        metadata.Add(Trace.Header, Given);

        using var request = Client.GetTradeItemAsync(new() { Id = "1" }, metadata, cancellationToken: Cancel);
        var error = await Assert.ThrowsAsync<RpcException>(() => request.ResponseAsync);

        var info = InfoOf(error)!;
        Assert.Equal((StatusCode.Unavailable, "dependency_unavailable", Given), (error.StatusCode, info.Reason, info.Metadata["traceId"]));
        var headers = await request.ResponseHeadersAsync;
        Assert.Equal((Given, "1"), (headers.GetValue(Trace.Header), headers.GetValue("Retry-After")));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, await HealthAsync());
    }

    [Fact]
    public async Task End_in_the_handler_when_the_caller_waits_no_longer()
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
        var answer = Client.GetTradeItemAsync(new() { Id = "1" }, metadata, cancellationToken: token.Token).ResponseAsync;
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        var start = DateTime.UtcNow;
        await token.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => answer)).StatusCode);
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
            Assert.Throws<SettingException>(() => HostedService.Build([.. Arguments(new() { ["GRPC_URL"] = address, ["urls"] = "http://127.0.0.1:5000" })])).Message,
            StringComparison.Ordinal);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private TradeItemsService.TradeItemsServiceClient Client => new(grpcChannel);

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
        (await new HealthService.HealthClient(grpcChannel).CheckAsync(new() { Service = service }, cancellationToken: Cancel)).Status;

    private async Task<IEnumerable<string>> ReflectAsync()
    {
        using var request = new ServerReflection.ServerReflectionClient(grpcChannel).ServerReflectionInfo(cancellationToken: Cancel);
        await request.RequestStream.WriteAsync(new() { ListServices = "" }, Cancel);
        await request.RequestStream.CompleteAsync();
        Assert.True(await request.ResponseStream.MoveNext(Cancel));
        return request.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name);
    }

    private void SignIn(string? sub = null)
    {
#if (guarded)
        SignInWith(issuer.Token(token => token["sub"] = sub ?? (string)token["sub"]!));
#endif
    }
#if (guarded)

    private void SignInWith(string token)
    {
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        metadata.Clear();
        metadata.Add("Authorization", $"Bearer {token}");
    }
#endif

    private Uri Url(string path) => new(new Uri(app!.Urls.First()), path);

    // The table does not answer, unless other settings name one that does.
    private IEnumerable<string> Arguments(Dictionary<string, string?> settings) =>
        new Dictionary<string, string?>
        {
            ["contentRoot"] = AppContext.BaseDirectory,
            ["urls"] = "http://127.0.0.1:0",
            ["GRPC_URL"] = $"http://127.0.0.1:{Loopback.FreePort()}",
#if (guarded)
            ["TOKEN_ISSUERS"] = issuer.Name,
            ["TOKEN_CLIENTS"] = "client",
#endif
            ["TRADE_ITEMS_TABLE"] = "tradeItems",
            ["AWS_ENDPOINT_URL_DYNAMODB"] = "http://127.0.0.1:9",
        }
        .Concat(settings).Select(setting => $"--{setting.Key}={setting.Value}");

    private async Task StartAsync(Dictionary<string, string?>? settings = null)
    {
        app = HostedService.Build([.. Arguments(settings ?? [])]);
        await app.StartAsync(Cancel);
        grpcChannel = GrpcChannel.ForAddress(app.Urls.Last());
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
