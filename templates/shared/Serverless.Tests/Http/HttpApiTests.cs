using System.Text;
using System.Text.Json.Nodes;
using Amazon.Lambda.APIGatewayEvents;
using Amazon.Lambda.Core;

namespace Serverless.Tests;

/// <summary>What a function behind an HTTP API is given and gives, event by event.</summary>
public sealed class HttpApiTests
{
    private const string TraceId = "Root=1-67891233-abcdef012345678912345678";

    private readonly Log log = new();

    static HttpApiTests() => Environment.SetEnvironmentVariable("USER_POOLS", "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc");

    [Fact]
    public async Task Hands_the_request_on_as_the_client_sent_it()
    {
        ApiRequest? seen = null;
        var requestEvent = Event("PUT /things/{id}");
        requestEvent["rawPath"] = "/things/7%20a";
        requestEvent["pathParameters"] = new JsonObject { ["id"] = "7 a" };
        requestEvent["queryStringParameters"] = new JsonObject { ["colour"] = "red,blue" };
        requestEvent["body"] = Convert.ToBase64String("grüße"u8);
        requestEvent["isBase64Encoded"] = true;

        await AnswerAsync(requestEvent, request =>
        {
            seen = request;
            return ApiResponse.NoContent();
        });

        Assert.Equal(("PUT", "/things/7%20a", "7 a", "red,blue"), (seen!.Method, seen.Path, seen.PathParameter("id"), seen.Query["colour"]));
        Assert.Equal("grüße", Encoding.UTF8.GetString(seen.Body.Span));
        Assert.Equal("application/json", seen.Headers["ACCEPT"]);
        Assert.Equal(TraceId, seen.TraceId);
    }

    [Fact]
    public async Task Answers_with_status_body_and_trace()
    {
        var response = await AnswerAsync(Event(), _ => new ApiResponse(201) { ContentType = "text/plain", Body = "made"u8.ToArray(), Headers = { ["Location"] = "/things/7" } });

        Assert.Equal(201, (int)response["statusCode"]!);
        Assert.Equal("made", (string)response["body"]!);
        Assert.Equal("/things/7", (string)response["headers"]!["Location"]!);
        Assert.Equal(TraceId, (string)response["headers"]!["x-amzn-trace-id"]!);
    }

    [Fact]
    public async Task Reads_the_context_of_a_lambda_authorizer()
    {
        var caller = await CallerAsync("lambda", new JsonObject
        {
            ["sub"] = "s",
            ["username"] = "ada",
            ["groups"] = "a b%20c",
            ["scopes"] = "x y",
            ["exp"] = "4102444800",
        });

        Assert.Equal(("s", "ada"), (caller!.Sub, caller.UserName));
        Assert.Equal(["a", "b c"], caller.Groups);
        Assert.Equal(["x", "y"], caller.Scopes);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(4102444800), caller.Expires);
    }

    [Fact]
    public async Task Reads_the_claims_of_the_built_in_authorizer()
    {
        var caller = await CallerAsync("jwt", new JsonObject
        {
            ["claims"] = new JsonObject { ["sub"] = "s", ["username"] = "ada", ["cognito:groups"] = "[a b]", ["scope"] = "x y", ["exp"] = "4102444800" },
        });

        Assert.Equal(("s", "ada"), (caller!.Sub, caller.UserName));
        Assert.Equal(["a", "b"], caller.Groups);
        Assert.Equal(["x", "y"], caller.Scopes);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("""["a",{"b":[1]}]""")]
    [InlineData("""{"scope":"y","a":[1,{"b":{}}]}""")]
    public async Task Ignores_a_claim_that_is_not_a_string(string claim)
    {
        var claims = new JsonObject { ["other"] = JsonNode.Parse(claim), ["sub"] = "s", ["scope"] = "x", ["exp"] = "4102444800", ["username"] = JsonNode.Parse(claim) };

        var ofBuiltIn = await CallerAsync("jwt", new JsonObject { ["claims"] = claims, ["scopes"] = new JsonArray("x") });
        var ofLambda = await CallerAsync("lambda", claims.DeepClone().AsObject());

        Assert.Equal(("s", null), (ofBuiltIn!.Sub, ofBuiltIn.UserName));
        Assert.Equal(["x"], ofBuiltIn.Scopes);
        Assert.Equal(("s", null), (ofLambda!.Sub, ofLambda.UserName));
    }

    [Fact]
    public async Task Reads_an_event_as_api_gateway_documents_it()
    {
        var requestEvent = JsonNode.Parse(
            """
            {
              "version": "2.0",
              "routeKey": "GET /things",
              "rawPath": "/things",
              "rawQueryString": "colour=red&colour=blue",
              "cookies": ["a=1", "b=2"],
              "headers": { "header1": "value1", "header2": "value1,value2" },
              "queryStringParameters": { "colour": "red,blue" },
              "requestContext": {
                "accountId": "123456789012",
                "apiId": "api-id",
                "authentication": {
                  "clientCert": {
                    "clientCertPem": "CERT_CONTENT",
                    "subjectDN": "www.example.com",
                    "issuerDN": "Example issuer",
                    "serialNumber": "a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1",
                    "validity": { "notBefore": "May 28 12:30:02 2019 GMT", "notAfter": "Aug  5 09:36:04 2021 GMT" }
                  }
                },
                "authorizer": { "jwt": { "claims": { "sub": "s", "exp": "4102444800" }, "scopes": ["scope1", "scope2"] } },
                "domainName": "id.execute-api.us-east-1.amazonaws.com",
                "domainPrefix": "id",
                "http": { "method": "GET", "path": "/things", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "agent" },
                "requestId": "id",
                "routeKey": "GET /things",
                "stage": "$default",
                "time": "12/Mar/2020:19:03:58 +0000",
                "timeEpoch": 1583348638390
              },
              "pathParameters": null,
              "isBase64Encoded": false,
              "stageVariables": { "stageVariable1": "value1" },
              "added": { "by": ["a", "later", "version"] }
            }
            """)!.AsObject();
        ApiRequest? seen = null;

        await AnswerAsync(requestEvent, request =>
        {
            seen = request;
            return ApiResponse.NoContent();
        });

        Assert.Equal(("red,blue", "value1,value2", "s"), (seen!.Query["colour"], seen.Headers["HEADER2"], seen.Caller!.Sub));
        Assert.Empty(seen.PathParameters);
    }

    [Fact]
    public async Task Reads_the_user_behind_an_identity_pool()
    {
        var caller = await CallerAsync("iam", new JsonObject
        {
            ["cognitoIdentity"] = new JsonObject
            {
                ["amr"] = new JsonArray(
                    "authenticated",
                    "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc",
                    "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc:CognitoSignIn:s"),
                ["identityId"] = "eu-west-1:1",
            },
        });

        Assert.Equal(("s", "eu-west-1:1"), (caller!.Sub, caller.IdentityId));
    }

    [Fact]
    public async Task Reads_an_expiry_at_the_end_of_time()
    {
        var caller = await CallerAsync("lambda", new JsonObject { ["sub"] = "s", ["exp"] = "253402300799" });

        Assert.False(caller!.HasExpired(TimeProvider.System));
    }

    [Theory]
    [InlineData("lambda", """{"sub":"","exp":"4102444800"}""")]
    [InlineData("lambda", """{"sub":null,"exp":"4102444800"}""")]
    [InlineData("lambda", """{"sub":7,"exp":"4102444800"}""")]
    [InlineData("lambda", """{"sub":{},"exp":"4102444800"}""")]
    [InlineData("lambda", """{"sub":"\ud800","exp":"4102444800"}""")]
    [InlineData("lambda", """{"sub":"s"}""")]
    [InlineData("lambda", """{"sub":"s","exp":""}""")]
    [InlineData("lambda", """{"sub":"s","exp":"soon"}""")]
    [InlineData("lambda", """{"sub":"s","exp":"-1"}""")]
    [InlineData("lambda", """{"sub":"s","exp":"NaN"}""")]
    [InlineData("lambda", """{"sub":"s","exp":"253402300800"}""")]
    [InlineData("lambda", """{"sub":"s","exp":{}}""")]
    [InlineData("lambda", """{}""")]
    [InlineData("jwt", """{"claims":{"username":"ada","exp":"4102444800"}}""")]
    [InlineData("jwt", """{"claims":{"sub":"s","exp":"never"}}""")]
    [InlineData("jwt", """{"claims":{"sub":"s","exp":4102444800}}""")]
    [InlineData("jwt", """{"claims":{"sub":7,"exp":"4102444800"}}""")]
    [InlineData("jwt", """{"claims":{"sub":true,"exp":"4102444800"}}""")]
    [InlineData("jwt", """{"claims":{"sub":["s"],"exp":"4102444800"}}""")]
    [InlineData("jwt", """{"claims":{"sub":{"s":"s"},"exp":"4102444800"}}""")]
    [InlineData("jwt", """{"claims":{"sub":null,"exp":"4102444800"}}""")]
    [InlineData("jwt", """{"claims":{"sub":"\ud800","exp":"4102444800"}}""")]
    [InlineData("jwt", """{"claims":{"\ud800":"s","exp":"4102444800"}}""")]
    [InlineData("jwt", """{"claims":null,"scopes":null}""")]
    [InlineData("iam", """{"cognitoIdentity":null}""")]
    [InlineData("iam", """{"cognitoIdentity":{"amr":["unauthenticated"],"identityId":"eu-west-1:1"}}""")]
    [InlineData("iam", """{"cognitoIdentity":{"amr":["authenticated","cognito-idp.eu-west-1.amazonaws.com/eu-west-1_other:CognitoSignIn:s"],"identityId":"eu-west-1:1"}}""")]
    [InlineData("iam", """{"cognitoIdentity":{"amr":["cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc:CognitoSignIn:",null],"identityId":"eu-west-1:1"}}""")]
    [InlineData("iam", """{"userArn":"arn:aws:iam::123456789012:user/ada"}""")]
    public async Task Answers_401_when_no_caller_is_named(string authorizer, string context)
    {
        // As text, because a JSON library writes no text that is not Unicode.
        var requestEvent = Event().ToJsonString().Replace("{\"lambda\":{\"sub\":\"s\",\"exp\":\"4102444800\"}}", $"{{\"{authorizer}\":{context}}}", StringComparison.Ordinal);

        var response = await AnswerAsync(requestEvent, _ => ApiResponse.NoContent());

        AssertProblem(response, 401, "not_signed_in");
    }

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public async Task Takes_no_user_whose_identifier_is_longer_than_others_may_be_given(int length, bool isTaken)
    {
        var sub = new string('s', length);

        Assert.Equal(isTaken, await CallerAsync("lambda", new JsonObject { ["sub"] = sub, ["exp"] = "4102444800" }) is not null);
        Assert.Equal(isTaken, await CallerAsync("jwt", new JsonObject { ["claims"] = new JsonObject { ["sub"] = sub, ["exp"] = "4102444800" } }) is not null);
        Assert.Equal(isTaken, await CallerAsync("iam", new JsonObject
        {
            ["cognitoIdentity"] = new JsonObject { ["amr"] = new JsonArray($"cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc:CognitoSignIn:{sub}"), ["identityId"] = "eu-west-1:1" },
        }) is not null);
    }

    [Fact]
    public async Task Answers_401_outside_lambda_too()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """{"routeKey":"GET /things"}""", TestContext.Current.CancellationToken);
        ApiRoute[] routes = [new("things", "GET", "/things", Access.Token, _ => Task.FromResult(ApiResponse.NoContent()))];

        Assert.Equal(0, await new Service().On(routes).RunAsync(["things", file]));
        File.Delete(file);
    }

    [Fact]
    public async Task Answers_401_without_an_authorizer()
    {
        var requestEvent = Event();
        requestEvent["requestContext"]!.AsObject().Remove("authorizer");

        AssertProblem(await AnswerAsync(requestEvent, _ => ApiResponse.NoContent()), 401, "not_signed_in");
    }

    [Fact]
    public async Task Answers_401_when_a_cached_answer_has_outlived_the_token()
    {
        var requestEvent = Event();
        requestEvent["requestContext"]!["authorizer"]!["lambda"]!["exp"] = $"{DateTimeOffset.UtcNow.AddSeconds(-31).ToUnixTimeSeconds()}";

        AssertProblem(await AnswerAsync(requestEvent, _ => ApiResponse.NoContent()), 401, "expired");
    }

    [Fact]
    public async Task Answers_500_to_what_nobody_expected_and_logs_it_with_the_trace()
    {
        var response = await AnswerAsync(Event(), _ => throw new InvalidOperationException("secret of the house"));

        AssertProblem(response, 500, "internal_error");
        Assert.DoesNotContain("secret of the house", response.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains(log.Lines, line => line.Contains("InvalidOperationException", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains(TraceId, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Answers_503_when_a_dependency_is_down()
    {
        var response = await AnswerAsync(Event(), _ => throw new DependencyException("The table", new HttpRequestException("refused")));

        AssertProblem(response, 503, "dependency_unavailable");
        Assert.Equal("1", (string)response["headers"]!["Retry-After"]!);
    }

    [Fact]
    public async Task Answers_413_to_a_body_that_is_too_long()
    {
        var requestEvent = Event();
        requestEvent["body"] = new string('x', ApiRequest.MaxBodyBytes + 1);

        AssertProblem(await AnswerAsync(requestEvent, _ => ApiResponse.NoContent()), 413, "body_too_large");
    }

    [Fact]
    public async Task Answers_400_to_a_body_that_is_not_the_base64_it_should_be()
    {
        var requestEvent = Event();
        requestEvent["body"] = "*";
        requestEvent["isBase64Encoded"] = true;

        AssertProblem(await AnswerAsync(requestEvent, _ => ApiResponse.NoContent()), 400, "invalid_body");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{\"detail\":1}")]
    public async Task Answers_400_to_json_of_another_form_and_says_what_is_expected(string body)
    {
        var requestEvent = Event();
        requestEvent["body"] = body;

        var response = await AnswerAsync(requestEvent, request =>
        {
            request.ReadJson(ProblemJson.Default.Problem, "a problem");
            return ApiResponse.NoContent();
        });

        AssertProblem(response, 400, "invalid_body");
        Assert.Contains("expected a problem", (string)response["body"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Logs_no_client_that_goes_away(bool whileItIsRead)
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var logged = new List<Problem>();
        var route = new ApiRoute("things", "GET", "/things", Access.Anyone, _ => throw new OperationCanceledException(cancelled.Token));

        var response = await route.AnswerAsync(
            () => whileItIsRead ? throw new OperationCanceledException(cancelled.Token) : Task.FromResult(new ApiRequest { Method = "GET", Path = "/things" }),
            (problem, _) => logged.Add(problem),
            TimeProvider.System,
            cancelled.Token);

        Assert.Equal(499, response.Status);
        Assert.Empty(logged);
    }

    [Fact]
    public async Task Answers_404_to_a_route_of_another_function() =>
        AssertProblem(await AnswerAsync(Event("GET /other"), _ => ApiResponse.NoContent(), route: "GET /things"), 404, "no_such_route");

    private static JsonObject Event(string routeKey = "GET /things") => new()
    {
        ["version"] = "2.0",
        ["routeKey"] = routeKey,
        ["rawPath"] = "/things",
        ["headers"] = new JsonObject { ["accept"] = "application/json", ["x-amzn-trace-id"] = TraceId },
        ["requestContext"] = new JsonObject
        {
            ["authorizer"] = new JsonObject { ["lambda"] = new JsonObject { ["sub"] = "s", ["exp"] = "4102444800" } },
        },
        ["isBase64Encoded"] = false,
    };

    private async Task<Caller?> CallerAsync(string authorizer, JsonObject context)
    {
        Caller? caller = null;
        var requestEvent = Event();
        requestEvent["requestContext"]!["authorizer"] = new JsonObject { [authorizer] = context };
        await AnswerAsync(requestEvent, request =>
        {
            caller = request.Caller;
            return ApiResponse.NoContent();
        });
        return caller;
    }

    private Task<JsonNode> AnswerAsync(JsonObject requestEvent, Func<ApiRequest, ApiResponse> handle, string? route = null) =>
        AnswerAsync(requestEvent.ToJsonString(), handle, route ?? (string)requestEvent["routeKey"]!);

    private async Task<JsonNode> AnswerAsync(string requestEvent, Func<ApiRequest, ApiResponse> handle, string route = "GET /things")
    {
        var key = route.Split(' ');
        var routes = new[] { new ApiRoute("things", key[0], key[1], Access.Token, request => Task.FromResult(handle(request))) };
        using var answer = HttpApiJson.Write(await HttpApi.HandleAsync("things", routes, HttpApiJson.Read(Encoding.UTF8.GetBytes(requestEvent)), log));
        return JsonNode.Parse(answer)!;
    }

    private void AssertProblem(JsonNode response, int status, string code)
    {
        var problem = JsonNode.Parse((string)response["body"]!)!;
        Assert.Equal(status, (int)response["statusCode"]!);
        Assert.Equal("application/problem+json", (string)response["headers"]!["content-type"]!);
        Assert.Equal((status, code, TraceId), ((int)problem["status"]!, (string)problem["code"]!, (string)problem["traceId"]!));
        Assert.Contains(log.Lines, line => line.Contains($"{status} {code}", StringComparison.Ordinal));
    }

    /// <summary>A context whose log is kept.</summary>
    private sealed class Log : ILambdaContext, ILambdaLogger
    {
        private readonly LocalContext context = new("things");

        public List<string> Lines { get; } = [];

        public string AwsRequestId => context.AwsRequestId;

        public string FunctionName => context.FunctionName;

        public string FunctionVersion => context.FunctionVersion;

        public string InvokedFunctionArn => context.InvokedFunctionArn;

        public string LogGroupName => context.LogGroupName;

        public string LogStreamName => context.LogStreamName;

        public int MemoryLimitInMB => context.MemoryLimitInMB;

        public TimeSpan RemainingTime => context.RemainingTime;

        public ILambdaLogger Logger => this;

        public IClientContext? ClientContext => null;

        public ICognitoIdentity? Identity => null;

        void ILambdaLogger.Log(string message) => Lines.Add(message);

        void ILambdaLogger.LogLine(string message) => Lines.Add(message);

        void ILambdaLogger.Log(string level, string message, params object[] args) => Add(message, args, null);

        void ILambdaLogger.Log(string level, Exception exception, string message, params object[] args) => Add(message, args, exception);

        private void Add(string message, object[] args, Exception? exception)
        {
            var next = 0;
            Lines.Add(System.Text.RegularExpressions.Regex.Replace(message, @"\{\w+\}", _ => $"{args[next++]}") + exception);
        }
    }
}
