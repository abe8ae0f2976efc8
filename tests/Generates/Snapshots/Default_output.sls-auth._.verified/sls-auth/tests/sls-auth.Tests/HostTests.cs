using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using sls_auth.Host;
using Microsoft.AspNetCore.Builder;
using Serverless.Tokens;
using Trace = Serverless.Trace;

namespace sls_auth.Tests;

/// <summary>The service on Kestrel, over HTTP.</summary>
[Collection("pool")]
public sealed class HostTests(LocalServices services) : IAsyncLifetime
{
    private readonly HttpClient http = new();
    private TestIssuer issuer = null!;
    private WebApplication? app;

    public async ValueTask InitializeAsync() => issuer = await TestIssuer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (app is not null)
            await app.DisposeAsync();
        await issuer.DisposeAsync();
    }

    [Fact]
    public async Task Greets_a_signed_in_user_and_carries_the_trace()
    {
        await StartAsync();
        const string TraceId = "Root=1-67891233-abcdef012345678912345678";

        using var response = await SendAsync(HttpMethod.Get, "/hello", issuer.Token(), headers: (Trace.Header, TraceId));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(TraceId, response.Headers.GetValues(Trace.Header).Single());
        Assert.Equal("5e3c0a7c-0000-4000-8000-000000000001", (string)(await BodyAsync(response))["sub"]!);
    }

    [Fact]
    public async Task Begins_a_trace_where_none_is_brought()
    {
        await StartAsync();

        using var response = await SendAsync(HttpMethod.Get, "/hello", null, headers: (Trace.Header, "nonsense"));

        var traceId = response.Headers.GetValues(Trace.Header).Single();
        Assert.True(Trace.IsValid(traceId));
        Assert.Equal(traceId, (string)(await BodyAsync(response))["traceId"]!);
    }

    [Theory]
    [InlineData(null, 401, "not_signed_in")]
    [InlineData("garbage", 403, "token_denied")]
    public async Task Lets_no_one_in_without_a_good_token(string? token, int status, string code)
    {
        await StartAsync();

        foreach (var path in new[] { "/hello", "/world", "/me", "/teams/1" })
            await AssertProblemAsync(await SendAsync(HttpMethod.Get, path, token), status, code);
    }

    [Fact]
    public async Task Answers_503_when_keys_or_table_are_down()
    {
        await StartAsync();
        await AssertProblemAsync(await SendAsync(HttpMethod.Get, "/me", issuer.Token()), 503, "dependency_unavailable");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync(Url("/health/ready"), Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(Url("/health/live"), Cancel)).StatusCode);

        issuer.Status = 500;
        var unknown = issuer.Token(header: header => header["kid"] = "second", key: TestIssuer.SecondKey);
        await AssertProblemAsync(await SendAsync(HttpMethod.Get, "/hello", unknown), 503, "dependency_unavailable");
    }

    [Fact]
    public async Task Lets_the_pages_of_the_list_call_and_no_others()
    {
        var origin = (string)JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Deployment.ServiceFolder, "cors.json"), Cancel))!["allowedOrigins"]![0]!;
        await StartAsync();

        using var allowed = await SendAsync(HttpMethod.Options, "/hello", null, headers: [("Origin", origin), ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization")]);
        using var refused = await SendAsync(HttpMethod.Options, "/hello", null, headers: [("Origin", "https://elsewhere.example"), ("Access-Control-Request-Method", "GET")]);

        Assert.Equal(origin, allowed.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False(allowed.Headers.Contains("Access-Control-Allow-Credentials"));
        Assert.False(refused.Headers.Contains("Access-Control-Allow-Origin"));

        using var answer = await SendAsync(HttpMethod.Get, "/hello", issuer.Token(), headers: ("Origin", origin));
        Assert.Equal($"Location,{Trace.Header}", answer.Headers.GetValues("Access-Control-Expose-Headers").Single());
    }

    [Fact]
    public async Task Lets_the_pages_of_the_setting_call_in_place_of_the_list()
    {
        var origin = (string)JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Deployment.ServiceFolder, "cors.json"), Cancel))!["allowedOrigins"]![0]!;
        await StartAsync("--ALLOWED_ORIGINS=https://one.example, https://two.example");

        foreach (var (page, isAllowed) in new[] { ("https://one.example", true), ("https://two.example", true), (origin, false) })
        {
            using var response = await SendAsync(HttpMethod.Get, "/hello", issuer.Token(), headers: ("Origin", page));
            Assert.Equal(isAllowed, response.Headers.Contains("Access-Control-Allow-Origin"));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("https://one.example,*")]
    public void Does_not_start_when_every_page_or_none_may_call(string origins) =>
        Assert.Throws<SettingException>(() => HostedService.Build([.. Arguments, $"--ALLOWED_ORIGINS={origins}"]));

    [Theory]
    [InlineData("/HELLO")]
    [InlineData("/hello/")]
    [InlineData("/hell%6F")]
    [InlineData("/./hello")]
    public async Task Serves_no_path_that_the_api_does_not_serve(string path)
    {
        await StartAsync();

        Assert.StartsWith("HTTP/1.1 404 ", await SendRawAsync($"GET {path} HTTP/1.1\r\nHost: service\r\nAuthorization: Bearer {issuer.Token()}\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hands_the_path_on_as_the_client_sent_it_and_its_parameters_decoded()
    {
        ApiRequest? seen = null;
        app = KestrelHost.CreateBuilder(Arguments).Build();
        app.MapRoutes(
            [new ApiRoute("thing", "GET", "/things/{id}", Access.Anyone, request =>
            {
                seen = request;
                return Task.FromResult(ApiResponse.NoContent());
            })],
            (_, _) => throw new InvalidOperationException("Nobody is asked for."));
        await app.StartAsync(Cancel);

        await SendRawAsync("GET /things/a%2Fb%20%C3%BC?id=c HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n");

        Assert.Equal(("/things/a%2Fb%20%C3%BC", "a/b ü"), (seen!.Path, seen.PathParameter("id")));
    }

    [Fact]
    public async Task Answers_400_to_a_body_that_is_not_sent_as_http_asks_for()
    {
        await StartAsync();

        var answer = await SendRawAsync($"POST /teams HTTP/1.1\r\nHost: service\r\nAuthorization: Bearer {issuer.Token()}\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("unreadable_body", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Takes_a_client_that_goes_away_for_no_error_of_the_service()
    {
        var (arrived, status) = (new TaskCompletionSource(), new TaskCompletionSource<int>());
        app = KestrelHost.CreateBuilder(Arguments).Build();
        app.Use(async (http, next) =>
        {
            arrived.SetResult();
            try
            {
                await next(http);
            }
            finally
            {
                // Nobody may be there any more to write the answer to.
                status.SetResult(http.Response.StatusCode);
            }
        });
        app.MapRoutes(
            [new ApiRoute("thing", "POST", "/things", Access.Anyone, _ => throw new InvalidOperationException("It has no body."))],
            (_, _) => throw new InvalidOperationException("Nobody is asked for."));
        await app.StartAsync(Cancel);

        var address = new Uri(app.Urls.First());
        using (var client = new TcpClient(address.Host, address.Port))
        {
            await client.Client.SendAsync("POST /things HTTP/1.1\r\nHost: service\r\nContent-Length: 20\r\n\r\n{"u8.ToArray(), Cancel);
            // Kestrel does not begin a request of which it sees the end first.
            await arrived.Task.WaitAsync(Cancel);
        }

        Assert.InRange(await status.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel), 400, 499);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"name":7}""")]
    [InlineData("""{"name":null}""")]
    [InlineData("""{"name":"\ud800"}""")]
    [InlineData("""{"nam":"Engines"}""")]
    [InlineData("""{"name":"Engines","admin":true}""")]
    [InlineData("""{"name":"a","name":"b"}""")]
    public async Task Answers_400_to_a_body_of_another_form(string body)
    {
        await StartAsync();

        await AssertProblemAsync(await SendAsync(HttpMethod.Post, "/teams", issuer.Token(), body), 400, "invalid_body");
    }

    [Theory]
    [InlineData("""{"email":"ada","role":"member"}""", "invalid_email")]
    [InlineData("""{"email":"@example.com","role":"member"}""", "invalid_email")]
    [InlineData("""{"email":"a@b@c","role":"member"}""", "invalid_email")]
    [InlineData("""{"email":"a b@example.com","role":"member"}""", "invalid_email")]
    [InlineData("""{"email":"ada@example.com","role":"Member"}""", "invalid_body")]
    [InlineData("""{"email":"ada@example.com","role":"member","permissions":["all"]}""", "invalid_permissions")]
    [InlineData("""{"role":"member"}""", "invalid_body")]
    public async Task Answers_400_to_an_invitation_of_another_form(string body, string code)
    {
        await StartAsync();

        await AssertProblemAsync(await SendAsync(HttpMethod.Post, "/teams/1/invitations", issuer.Token(), body), 400, code);
    }

    [Theory]
    [InlineData("""{"role":"owner"}""", "invalid_body")]
    [InlineData("""{"role":1}""", "invalid_body")]
    [InlineData("""{"role":"Admin"}""", "invalid_body")]
    [InlineData("""{"role":" ADMIN "}""", "invalid_body")]
    [InlineData("""{"role":"member, admin"}""", "invalid_body")]
    [InlineData("""{"role":""}""", "invalid_body")]
    [InlineData("""{"role":"\ud800"}""", "invalid_body")]
    [InlineData("""{"role":null}""", "invalid_body")]
    [InlineData("""{}""", "invalid_body")]
    [InlineData("""{"role":"member","permissions":["all"]}""", "invalid_permissions")]
    [InlineData("""{"role":"member","permissions":[null]}""", "invalid_permissions")]
    [InlineData("""{"role":"member","permissions":["a:b","A:b"]}""", "invalid_permissions")]
    public async Task Answers_400_to_a_membership_of_another_form(string body, string code)
    {
        await StartAsync();

        await AssertProblemAsync(await SendAsync(HttpMethod.Put, "/teams/1/members/2", issuer.Token(), body), 400, code);
    }

    [Fact]
    public async Task Answers_400_to_an_idempotency_key_that_is_too_long()
    {
        await StartAsync();

        using var response = await SendAsync(
            HttpMethod.Post, "/teams", issuer.Token(), """{"name":"Engines"}""", ("Idempotency-Key", new string('k', 129)));

        await AssertProblemAsync(response, 400, "invalid_idempotency_key");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answers_413_to_a_body_that_is_too_long_announced_or_not(bool chunked)
    {
        await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, Url("/teams"))
        {
            Content = new StringContent(new string(' ', ApiRequest.MaxBodyBytes + 1), Encoding.UTF8, "application/json"),
        };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.Add("Authorization", $"Bearer {issuer.Token()}");

        await AssertProblemAsync(await http.SendAsync(request, Cancel), 413, "body_too_large");
    }

    [Fact]
    public async Task Serves_the_same_flow_as_lambda()
    {
        await services.StartAsync();
        await StartAsync([.. services.Settings.Select(setting => $"--{setting.Key}={setting.Value}")]);
        await using var api = await RuntimeApi.StartAsync();
        await using var trigger = RunningFunction.Start("postConfirmation", api, services.Settings);
        services.Trigger = async input => (await api.InvokeAsync("postConfirmation", input)).Payload;
        var (email, other) = ($"{Guid.NewGuid():n}@example.com", $"{Guid.NewGuid():n}@example.com");

        var (sub, otherSub) = (await services.SignUpAsync(email), await services.SignUpAsync(other));
        var token = (string)(await services.SignInAsync(email))["AccessToken"]!;
        var otherToken = (string)(await services.SignInAsync(other))["AccessToken"]!;

        var me = await BodyAsync(await SendAsync(HttpMethod.Get, "/me", token));
        Assert.Equal((sub, email), ((string)me["sub"]!, (string)me["email"]!));
        var team = (string)(await BodyAsync(await SendAsync(HttpMethod.Post, "/teams", token, """{"name":"Engines"}""")))["id"]!;
        Assert.Equal("admin", (string)(await BodyAsync(await SendAsync(HttpMethod.Get, $"/teams/{team}", token)))["members"]![0]!["role"]!);
        await AssertProblemAsync(await SendAsync(HttpMethod.Delete, $"/teams/{team}/members/{sub}", token), 409, "last_admin");
        await AssertProblemAsync(await SendAsync(HttpMethod.Put, $"/teams/{team}/members/nobody", token, """{"role":"member"}"""), 404, "no_such_member");
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Get, $"/world?team={team}", token)).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(HttpMethod.Post, $"/teams/{team}/invitations", token, $$"""{"email":"{{other}}","role":"member"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, $"/teams/{team}/invitations/{Uri.EscapeDataString(other)}", token)).StatusCode);
        await AssertProblemAsync(await SendAsync(HttpMethod.Put, $"/me/invitations/{team}", otherToken), 404, "no_such_invitation");
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(HttpMethod.Post, $"/teams/{team}/invitations", token, $$"""{"email":"{{other}}","role":"member"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Put, $"/me/invitations/{team}", otherToken)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Put, $"/teams/{team}/members/{otherSub}", token, """{"role":"member","permissions":["invoices:read"]}""")).StatusCode);
        await AssertProblemAsync(await SendAsync(HttpMethod.Put, $"/teams/{team}/members/{otherSub}", otherToken, """{"role":"admin"}"""), 403, "not_permitted");
        await AssertProblemAsync(await SendAsync(HttpMethod.Delete, $"/teams/{team}/members/{sub}", otherToken), 403, "not_permitted");
        var made = await BodyAsync(await SendAsync(HttpMethod.Post, "/teams", token, """{"name":"Brakes"}""", ("Idempotency-Key", "1")));
        var again = await BodyAsync(await SendAsync(HttpMethod.Post, "/teams", token, """{"name":"Brakes"}""", ("Idempotency-Key", "1")));
        Assert.Equal(made.ToJsonString(), again.ToJsonString());
        await AssertProblemAsync(await SendAsync(HttpMethod.Get, $"/teams/{team}?after={new string('a', 129)}", token), 400, "invalid_query");
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Put, $"/teams/{team}", token, """{"name":"Motors"}""")).StatusCode);
        Assert.Equal("Motors", (string)(await BodyAsync(await SendAsync(HttpMethod.Get, $"/teams/{team}", otherToken)))["name"]!);
        Assert.Equal(2, (await BodyAsync(await SendAsync(HttpMethod.Get, "/me/export", token)))["teams"]!.AsArray().Count);
        foreach (var id in new[] { team, (string)made["id"]! })
            Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, $"/teams/{id}", token)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, "/me", token)).StatusCode);
        await AssertProblemAsync(await SendAsync(HttpMethod.Get, "/me", token), 410, "user_deleted");
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(Url("/health/ready"), Cancel)).StatusCode);
        Assert.Equal("3.1.0", (string)JsonNode.Parse(await http.GetStringAsync(Url("/openapi.json"), Cancel))!["openapi"]!);
    }

    [Theory]
    [InlineData("TOKEN_ISSUERS")]
    [InlineData("TOKEN_CLIENTS")]
    [InlineData("USERS_TABLE")]
    [InlineData("AWS_REGION")]
    public async Task Does_not_start_without_a_setting_that_it_needs(string missing)
    {
        // With an endpoint no region is needed.
        var given = Arguments.Where(argument => !argument.Contains(missing, StringComparison.Ordinal) && !argument.Contains("ENDPOINT", StringComparison.Ordinal));
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "sls-auth.Host.dll"), .. given])
            {
                WorkingDirectory = AppContext.BaseDirectory,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            },
        };
        process.StartInfo.Environment.Remove("AWS_REGION");
        process.Start();
        var error = await process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);

        Assert.Equal(1, process.ExitCode);
        Assert.StartsWith($"The setting {missing} is missing", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A service that trusts the test's issuer, and whose table does not answer.</summary>
    private string[] Arguments =>
    [
        $"--contentRoot={AppContext.BaseDirectory}",
        "--urls=http://127.0.0.1:0",
        "--Logging:LogLevel:Default=None",
        $"--TOKEN_ISSUERS={issuer.Name}",
        "--TOKEN_CLIENTS=client",
        "--USERS_TABLE=users",
        "--AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:9",
    ];

    private async Task StartAsync(params string[] more)
    {
        app = HostedService.Build([.. Arguments, .. more]);
        await app.StartAsync(Cancel);
    }

    private Uri Url(string path) => new(new Uri(app!.Urls.First()), path);

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string? token, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, Url(path));
        if (token is not null)
            request.Headers.Add("Authorization", $"Bearer {token}");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return await http.SendAsync(request, Cancel);
    }

    /// <summary>Sends these bytes and no more, for requests that an HTTP client would correct, and reads the answer to its end.</summary>
    private async Task<string> SendRawAsync(string request)
    {
        var address = new Uri(app!.Urls.First());
        using var client = new TcpClient(address.Host, address.Port);
        using var answer = new StreamReader(client.GetStream());
        await client.Client.SendAsync(Encoding.ASCII.GetBytes(request), Cancel);
        return await answer.ReadToEndAsync(Cancel);
    }

    private static async Task<JsonNode> BodyAsync(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!;

    private static async Task AssertProblemAsync(HttpResponseMessage response, int status, string code)
    {
        var problem = await BodyAsync(response);
        Assert.Equal((status, code), ((int)response.StatusCode, (string)problem["code"]!));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(response.Headers.GetValues(Trace.Header).Single(), (string)problem["traceId"]!);
        response.Dispose();
    }
}
