using System.Text;
using Amazon.Lambda.APIGatewayEvents;
using Amazon.Lambda.Core;

namespace Serverless;

/// <summary>
/// Serves routes behind an API Gateway HTTP API, payload format 2.0:
/// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
/// </summary>
public static class HttpApi
{
    /// <summary>Adds the functions behind the routes. A function may stand behind several.</summary>
    public static Service On(this Service service, IReadOnlyList<ApiRoute> routes)
    {
        ArgumentNullException.ThrowIfNull(service);
        foreach (var function in routes.Select(route => route.Function).Distinct())
        {
            service.On(function, async (input, context) =>
                (Stream)HttpApiJson.Write(await HandleAsync(function, routes, HttpApiJson.Read((await Service.BytesOfAsync(input)).Span), context)));
        }

        return service;
    }

    internal static async Task<APIGatewayHttpApiV2ProxyResponse> HandleAsync(
        string function, IReadOnlyList<ApiRoute> routes, APIGatewayHttpApiV2ProxyRequest request, ILambdaContext context)
    {
        var headers = Copy(request.Headers, StringComparer.OrdinalIgnoreCase);

        // The client's trace, if it sent one, otherwise the invocation's: a client asks about the trace that it knows.
        if (Trace.IsValid(headers.GetValueOrDefault(Trace.Header)))
            Trace.Current = headers[Trace.Header];

        void Log(Problem problem, Exception? exception) =>
            context.Logger.Log(
                exception is null ? LogLevel.Warning : LogLevel.Error,
                exception,
                "{Route} answered {Status} {Code} in trace {RequestTrace}",
                request.RouteKey ?? "", problem.Status, problem.Code, Trace.Current ?? "");

        var route = routes.FirstOrDefault(route => route.Function == function && route.Key == request.RouteKey);
        if (route is null)
        {
            var problem = Problem.Of(404, "no_such_route", $"The route is \"{request.RouteKey}\", which the function {function} does not serve.");
            Log(problem, null);
            return ToEvent(ApiResponse.From(problem));
        }

        return ToEvent(await route.AnswerAsync(
            () => Task.FromResult(new ApiRequest
            {
                Method = route.Method,
                Path = request.RawPath ?? "",
                PathParameters = Copy(request.PathParameters),
                Query = Copy(request.QueryStringParameters),
                Headers = headers,
                Body = ReadBody(request),
                Caller = ReadCaller(request.RequestContext?.Authorizer),
                TraceId = Trace.Current,
            }),
            Log,
            TimeProvider.System));
    }

    private static APIGatewayHttpApiV2ProxyResponse ToEvent(ApiResponse response)
    {
        var headers = new Dictionary<string, string>();
        if (response.ContentType is not null)
            headers["content-type"] = response.ContentType;
        if (Trace.Current is not null)
            headers["x-amzn-trace-id"] = Trace.Current;
        foreach (var (name, value) in response.Headers)
            headers[name] = value;
        return new APIGatewayHttpApiV2ProxyResponse
        {
            StatusCode = response.Status,
            Headers = headers,
            Body = Encoding.UTF8.GetString(response.Body.Span),
        };
    }

    private static byte[] ReadBody(APIGatewayHttpApiV2ProxyRequest request)
    {
        if (request.Body is null)
            return [];
        if (!request.IsBase64Encoded)
            return Encoding.UTF8.GetBytes(request.Body);
        try
        {
            return Convert.FromBase64String(request.Body);
        }
        catch (FormatException)
        {
            throw new ProblemException(400, "invalid_body", "The body is not the Base64 that the event announces.");
        }
    }

    private static Caller? ReadCaller(APIGatewayHttpApiV2ProxyRequest.AuthorizerDescription? authorizer)
    {
        if (authorizer?.Lambda is { } context)
            return Caller.FromContext(Strings(context));
        if (authorizer?.Jwt?.Claims is { } claims)
            return Caller.FromClaims(Copy(claims));
        var identity = authorizer?.IAM?.CognitoIdentity;
        return Caller.FromIdentityPool(identity?.IdentityId, identity?.AMR, UserPools);
    }

    // Functions with IAM authorization have this setting. Without it, no user of an identity pool is accepted.
    private static string[] UserPools =>
        (Environment.GetEnvironmentVariable("USER_POOLS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    // The authorizer's context may hold any JSON. A caller is described in strings; another value counts as missing.
    private static Dictionary<string, string> Strings(IDictionary<string, object> context) =>
        context.Where(value => value.Value is string).ToDictionary(value => value.Key, value => (string)value.Value);

    private static Dictionary<string, string> Copy(IDictionary<string, string>? values, StringComparer? comparer = null) =>
        new(values ?? new Dictionary<string, string>(), comparer);
}
