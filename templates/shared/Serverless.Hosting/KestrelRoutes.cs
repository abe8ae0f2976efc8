using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Serverless;

/// <summary>Serves the routes on Kestrel that API Gateway serves on AWS.</summary>
public static class KestrelRoutes
{
    private static readonly object Status = new();

    /// <summary>
    /// Takes the trace from the request, or begins one: every line of the log and the answer carry it. Logs a line for each request but
    /// those that ask for its health, as API Gateway's access log does.
    /// </summary>
    public static IApplicationBuilder UseTrace(this IApplicationBuilder app)
    {
        var logger = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger("Serverless.Requests");
        return app.Use(async (http, next) =>
        {
            var given = http.Request.Headers[Trace.Header].ToString();
            Trace.Current = Trace.IsValid(given) ? given : Trace.Create();
            http.Response.Headers[Trace.Header] = Trace.Current;
            if (http.AsksForHealth())
            {
                await next(http);
                return;
            }

            var started = Stopwatch.GetTimestamp();
            await next(http);
            logger.LogInformation(
                "{Method} {Path} answered {Status} in {Milliseconds} ms",
                http.Request.Method, http.Request.Path.Value, http.Items[Status] ?? http.Response.StatusCode, (int)Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        });
    }

    /// <summary>Sets the status that the request's log line has, where that of HTTP says nothing: gRPC answers 200 to everything.</summary>
    /// <param name="status">The HTTP status code of the same answer over HTTP.</param>
    public static void LogStatus(this HttpContext http, int status)
    {
        ArgumentNullException.ThrowIfNull(http);
        http.Items[Status] = status;
    }

    /// <summary>Maps the routes. Each has its <see cref="ApiRoute"/> as metadata.</summary>
    /// <param name="app">Where to.</param>
    /// <param name="routes">The table of them.</param>
    /// <param name="authorize">
    /// Names the caller from the header <c>Authorization</c>, null if it is missing. It throws a <see cref="ProblemException"/> for
    /// a caller who may not come in. No IAM stands before Kestrel: a token takes the place of AWS credentials.
    /// </param>
    public static void MapRoutes(
        this IEndpointRouteBuilder app,
        IReadOnlyList<ApiRoute> routes,
        Func<string?, CancellationToken, Task<Caller>> authorize)
    {
        ArgumentNullException.ThrowIfNull(routes);
        var logger = app.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("Serverless.Api");
        foreach (var route in routes)
            app.MapMethods(PatternOf(route.Path), [route.Method], (HttpContext http) => HandleAsync(http, route, authorize, logger)).WithMetadata(route);
    }

    // API Gateway's greedy {path+} is ASP.NET's {**path}.
    private static string PatternOf(string path) =>
        path.EndsWith("+}", StringComparison.Ordinal) ? string.Concat(path.AsSpan(0, path.LastIndexOf('{')), "{**", path.AsSpan(path.LastIndexOf('{') + 1)[..^2], "}") : path;

    private static async Task HandleAsync(
        HttpContext http, ApiRoute route, Func<string?, CancellationToken, Task<Caller>> authorize, ILogger logger)
    {
        // A problem that was foreseen is no error, whatever its status: a stranger can ask for a 503 with a token of an unknown key.
        void Log(Problem problem, Exception? exception) =>
            logger.Log(
                exception is null ? LogLevel.Warning : LogLevel.Error,
                exception,
                "{Route} answered {Status} {Code} in trace {RequestTrace}",
                route.Key, problem.Status, problem.Code, Trace.Current);

        await WriteAsync(http, await route.AnswerAsync(() => ReadAsync(http, route, authorize), Log, TimeProvider.System, http.RequestAborted));
    }

    private static async Task<ApiRequest> ReadAsync(HttpContext http, ApiRoute route, Func<string?, CancellationToken, Task<Caller>> authorize)
    {
        // ASP.NET's own path is decoded, and its routes match more than API Gateway's: in any case, and with a slash at the end.
        var path = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0];
        var parameters = ReadParameters(route.Path, path)
            ?? throw new ProblemException(404, "no_such_route", "There is no such route; paths are taken as they are written, letter by letter.");
        var authorization = http.Request.Headers.Authorization;
        return new ApiRequest
        {
            Caller = route.Access == Access.Anyone
                ? null
                : await authorize(authorization.Count == 0 ? null : string.Join(',', authorization.ToArray()), http.RequestAborted),
            Method = http.Request.Method,
            Path = path,
            PathParameters = parameters,
            Query = http.Request.Query.ToDictionary(value => value.Key, value => string.Join(',', value.Value.ToArray())),
            Headers = http.Request.Headers.ToDictionary(
                header => header.Key, header => string.Join(',', header.Value.ToArray()), StringComparer.OrdinalIgnoreCase),
            Body = await ReadBodyAsync(http),
            TraceId = Trace.Current,
            Cancelled = http.RequestAborted,
        };
    }

    /// <summary>The values of the route's <c>{names}</c>, decoded; null if the path is not the route's.</summary>
    private static Dictionary<string, string>? ReadParameters(string route, string path)
    {
        var expected = route.Split('/');
        // A greedy parameter takes the rest of the path, which must not be empty.
        var given = expected[^1].EndsWith("+}", StringComparison.Ordinal) ? path.Split('/', expected.Length) : path.Split('/');
        if (expected.Length != given.Length)
            return null;
        var parameters = new Dictionary<string, string>();
        foreach (var (name, value) in expected.Zip(given))
        {
            if (name.EndsWith("+}", StringComparison.Ordinal) && value.Length == 0)
                return null;
            if (name.StartsWith('{'))
                parameters[name.Trim('{', '}', '+')] = Uri.UnescapeDataString(value);
            else if (name != value)
                return null;
        }

        return parameters;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext http)
    {
        if (http.Request.ContentLength is > ApiRequest.MaxBodyBytes)
            throw ProblemException.BodyTooLarge(http.Request.ContentLength.Value);

        // A body sent in chunks announces no length: Kestrel stops reading it here.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = ApiRequest.MaxBodyBytes;
        try
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            return body.ToArray();
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new ProblemException(413, "body_too_large", $"The body is too long; expected at most {ApiRequest.MaxBodyBytes} bytes.");
        }
        catch (IOException exception)
        {
            // The client's doing: it stopped sending, or sent too slowly, or not what HTTP allows.
            throw new ProblemException((exception as BadHttpRequestException)?.StatusCode ?? 400, "unreadable_body", "The body could not be read to its end.");
        }
    }

    private static async Task WriteAsync(HttpContext http, ApiResponse response)
    {
        http.Response.StatusCode = response.Status;
        foreach (var (name, value) in response.Headers)
            http.Response.Headers[name] = value;
        if (response.ContentType is null)
            return;
        http.Response.ContentType = response.ContentType;
        http.Response.ContentLength = response.Body.Length;
        await http.Response.Body.WriteAsync(response.Body, http.RequestAborted);
    }
}
