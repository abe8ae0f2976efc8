using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Amazon.Lambda.Core;

namespace Serverless;

/// <summary>
/// Serves routes behind an API Gateway HTTP API, payload format 2.0:
/// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
/// </summary>
public static class HttpApi
{
    // The answer goes to API Gateway and not into a page, so quotes and letters stay as they are.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Adds the functions behind the routes. A function may stand behind several.</summary>
    public static Service On(this Service service, IReadOnlyList<ApiRoute> routes)
    {
        ArgumentNullException.ThrowIfNull(service);
        foreach (var function in routes.Select(route => route.Function).Distinct())
            service.On(function, (input, context) => HandleAsync(function, routes, input, context));
        return service;
    }

    internal static async Task<Stream> HandleAsync(string function, IReadOnlyList<ApiRoute> routes, Stream input, ILambdaContext context)
    {
        var requestEvent = JsonSerializer.Deserialize(input, HttpApiJson.Default.HttpApiEvent)
            ?? throw new JsonException("The event is null; expected is one of an HTTP API, payload format 2.0.");
        var headers = new Dictionary<string, string>(requestEvent.Headers ?? [], StringComparer.OrdinalIgnoreCase);

        // The client's trace, if it sent one, else the invocation's: what the client knows is what it will ask for.
        if (Trace.IsValid(headers.GetValueOrDefault(Trace.Header)))
            Trace.Current = headers[Trace.Header];

        void Log(Problem problem, Exception? exception) =>
            context.Logger.Log(
                problem.Status >= 500 ? LogLevel.Error : LogLevel.Warning,
                exception,
                "{Route} answered {Status} {Code} in trace {RequestTrace}",
                requestEvent.RouteKey ?? "", problem.Status, problem.Code, Trace.Current ?? "");

        var route = routes.FirstOrDefault(route => route.Function == function && route.Key == requestEvent.RouteKey);
        if (route is null)
        {
            var problem = Problem.Of(404, "no_such_route", $"The route is \"{requestEvent.RouteKey}\", which the function {function} does not serve.");
            Log(problem, null);
            return Write(ApiResponse.From(problem));
        }

        return Write(await route.AnswerAsync(
            () => Task.FromResult(new ApiRequest
            {
                Method = route.Method,
                Path = requestEvent.RawPath ?? "",
                PathParameters = requestEvent.PathParameters ?? [],
                Query = requestEvent.QueryStringParameters ?? [],
                Headers = headers,
                Body = requestEvent.ReadBody(),
                Caller = requestEvent.RequestContext?.Authorizer?.ReadCaller(),
                TraceId = Trace.Current,
            }),
            Log,
            TimeProvider.System));
    }

    private static MemoryStream Write(ApiResponse response)
    {
        var output = new MemoryStream(response.Body.Length + 256);
        using (var json = new Utf8JsonWriter(output, WriterOptions))
        {
            json.WriteStartObject();
            json.WriteNumber("statusCode", response.Status);
            json.WriteStartObject("headers");
            if (response.ContentType is not null)
                json.WriteString("content-type", response.ContentType);
            if (Trace.Current is not null)
                json.WriteString("x-amzn-trace-id", Trace.Current);
            foreach (var (name, value) in response.Headers)
                json.WriteString(name, value);
            json.WriteEndObject();
            json.WriteString("body", response.Body.Span);
            json.WriteBoolean("isBase64Encoded", false);
            json.WriteEndObject();
        }

        output.Position = 0;
        return output;
    }
}

/// <summary>What of an HTTP API's event a function needs.</summary>
internal sealed record HttpApiEvent(
    string? RouteKey,
    string? RawPath,
    Dictionary<string, string>? Headers,
    Dictionary<string, string>? QueryStringParameters,
    Dictionary<string, string>? PathParameters,
    HttpApiContext? RequestContext,
    string? Body,
    bool IsBase64Encoded)
{
    public byte[] ReadBody()
    {
        if (Body is null)
            return [];
        if (!IsBase64Encoded)
            return Encoding.UTF8.GetBytes(Body);
        try
        {
            return Convert.FromBase64String(Body);
        }
        catch (FormatException)
        {
            throw new ProblemException(400, "invalid_body", "The body is not the Base64 that the event announces.");
        }
    }
}

internal sealed record HttpApiContext(HttpApiAuthorizer? Authorizer);

internal sealed record HttpApiAuthorizer(
    Dictionary<string, JsonElement>? Lambda,
    HttpApiToken? Jwt,
    HttpApiIam? Iam)
{
    public Caller? ReadCaller() =>
        Lambda is not null ? Caller.FromContext(Strings(Lambda))
        : Jwt?.Claims is not null ? Caller.FromClaims(Strings(Jwt.Claims))
        : Caller.FromIdentityPool(Iam?.CognitoIdentity?.IdentityId, Iam?.CognitoIdentity?.Amr, UserPools);

    // The functions behind IAM have this setting. Without it no user of an identity pool is known.
    private static string[] UserPools =>
        (Environment.GetEnvironmentVariable("USER_POOLS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    // The values are strings by contract. One that is not, or that is not Unicode, counts as missing.
    private static Dictionary<string, string> Strings(Dictionary<string, JsonElement> values)
    {
        var texts = new Dictionary<string, string>(values.Count);
        foreach (var (name, value) in values)
        {
            try
            {
                if (value.ValueKind == JsonValueKind.String)
                    texts[name] = value.GetString()!;
            }
            catch (InvalidOperationException)
            {
            }
        }

        return texts;
    }
}

internal sealed record HttpApiToken(Dictionary<string, JsonElement>? Claims);

internal sealed record HttpApiIam(HttpApiCognitoIdentity? CognitoIdentity);

internal sealed record HttpApiCognitoIdentity(string? IdentityId, IReadOnlyList<string>? Amr);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HttpApiEvent))]
internal sealed partial class HttpApiJson : JsonSerializerContext;
