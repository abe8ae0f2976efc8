using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace Serverless;

/// <summary>What a function made of an invocation.</summary>
/// <param name="RequestId">The request id that the invocation had.</param>
/// <param name="Payload">The answer, or the JSON of the error: <c>{"errorType", "errorMessage", "stackTrace"}</c>.</param>
/// <param name="ErrorType">The type of the exception that made the invocation fail; null when it succeeded.</param>
/// <param name="HasStarted">Whether the function had started; if not, the exception made its start fail, and the invocation with it.</param>
public sealed record Answer(string RequestId, byte[] Payload, string? ErrorType, bool HasStarted = true)
{
    /// <summary>Whether the invocation succeeded.</summary>
    public bool Succeeded => ErrorType is null;

    /// <summary>The payload as text.</summary>
    public string Text => Encoding.UTF8.GetString(Payload);
}

/// <summary>
/// The Lambda Runtime API on loopback, as a function's process sees it: <c>GET …/invocation/next</c> waits for an invocation,
/// <c>POST …/invocation/&lt;id&gt;/response</c> or <c>…/error</c> answers it (AWS, "Using the Lambda runtime API for custom runtimes").
/// It serves several functions, each under its own path.
/// </summary>
public sealed class RuntimeApi : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Channel<Invocation>> waiting = new();
    private readonly ConcurrentDictionary<string, Invocation> running = new();
    private Loopback server = null!;

    private RuntimeApi()
    {
    }

    /// <summary>Starts the API on a free port.</summary>
    public static async Task<RuntimeApi> StartAsync()
    {
        var api = new RuntimeApi();
        api.server = await Loopback.StartAsync(api.HandleAsync);
        return api;
    }

    /// <summary>What a function's <c>AWS_LAMBDA_RUNTIME_API</c> is set to: host, port and the function's path.</summary>
    public string AddressOf(string function) => $"{server.Address.Authority}/{function}";

    /// <summary>Invokes a function, as soon as it asks for an invocation.</summary>
    /// <param name="function">The function, as in <see cref="AddressOf"/>.</param>
    /// <param name="payload">The event.</param>
    /// <param name="timeout">The function's timeout; default: 30 s.</param>
    /// <param name="traceId">The <c>X-Amzn-Trace-Id</c>; default: a new one.</param>
    /// <exception cref="TimeoutException">There is no answer after the timeout and five seconds more, in which the process may still start.</exception>
    public async Task<Answer> InvokeAsync(string function, ReadOnlyMemory<byte> payload, TimeSpan? timeout = null, string? traceId = null)
    {
        var time = timeout ?? TimeSpan.FromSeconds(30);
        var invocation = new Invocation(
            Guid.NewGuid().ToString(),
            payload,
            time,
            traceId ?? $"Root=1-{DateTimeOffset.UtcNow.ToUnixTimeSeconds():x8}-{Guid.NewGuid().ToString("n")[..24]};Parent=53995c3f42cd8ad8;Sampled=1");
        await QueueOf(function).Writer.WriteAsync(invocation);
        return await invocation.Answer.Task.WaitAsync(time + TimeSpan.FromSeconds(5));
    }

    /// <summary>Invokes a function with an event that is text.</summary>
    public Task<Answer> InvokeAsync(string function, string payload, TimeSpan? timeout = null, string? traceId = null) =>
        InvokeAsync(function, Encoding.UTF8.GetBytes(payload), timeout, traceId);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => server.DisposeAsync();

    private Channel<Invocation> QueueOf(string function) => waiting.GetOrAdd(function, _ => Channel.CreateUnbounded<Invocation>());

    private async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var task = path switch
        {
            [var function, "2018-06-01", "runtime", "invocation", "next"] => HandOutAsync(function, http),
            [_, "2018-06-01", "runtime", "invocation", var id, "response"] => TakeAsync(id, isError: false, http),
            [_, "2018-06-01", "runtime", "invocation", var id, "error"] => TakeAsync(id, isError: true, http),
            [var function, "2018-06-01", "runtime", "init", "error"] => TakeInitErrorAsync(function, http),
            _ => RespondAsync(http, StatusCodes.Status404NotFound, """{"errorType":"NotFound"}"""),
        };
        try
        {
            await task;
        }
        catch (OperationCanceledException)
        {
            // The function's process has ended while it waited.
        }
    }

    private async Task HandOutAsync(string function, HttpContext http)
    {
        var invocation = await QueueOf(function).Reader.ReadAsync(http.RequestAborted);
        running[invocation.RequestId] = invocation;
        var deadline = DateTimeOffset.UtcNow + invocation.Timeout;
        var headers = http.Response.Headers;
        headers["Lambda-Runtime-Aws-Request-Id"] = invocation.RequestId;
        headers["Lambda-Runtime-Deadline-Ms"] = deadline.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        headers["Lambda-Runtime-Invoked-Function-Arn"] = $"arn:aws:lambda:ap-southeast-2:123456789012:function:{function}";
        headers["Lambda-Runtime-Trace-Id"] = invocation.TraceId;
        http.Response.ContentType = "application/json";
        await http.Response.Body.WriteAsync(invocation.Payload, http.RequestAborted);
    }

    private async Task TakeAsync(string id, bool isError, HttpContext http)
    {
        if (!running.TryRemove(id, out var invocation))
        {
            await RespondAsync(http, StatusCodes.Status400BadRequest, """{"errorType":"InvalidRequestID"}""");
            return;
        }
        var payload = await ReadAsync(http);
        await RespondAsync(http, StatusCodes.Status202Accepted, """{"status":"OK"}""");
        invocation.Answer.TrySetResult(new Answer(id, payload, isError ? ErrorTypeOf(http) : null));
    }

    // A process that cannot start answers the invocation that made it start. The header may be missing: then the type stands in the error only.
    private async Task TakeInitErrorAsync(string function, HttpContext http)
    {
        var payload = await ReadAsync(http);
        var invocation = await QueueOf(function).Reader.ReadAsync(http.RequestAborted);
        await RespondAsync(http, StatusCodes.Status202Accepted, """{"status":"OK"}""");
        var type = JsonElement.Parse(payload).GetProperty("errorType").GetString();
        invocation.Answer.TrySetResult(new Answer(invocation.RequestId, payload, type, HasStarted: false));
    }

    private static string ErrorTypeOf(HttpContext http) =>
        http.Request.Headers["Lambda-Runtime-Function-Error-Type"].ToString() is { Length: > 0 } type ? type : "Unknown";

    private static async Task<byte[]> ReadAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        return body.ToArray();
    }

    private static Task RespondAsync(HttpContext http, int status, string json)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(json);
    }

    private sealed record Invocation(string RequestId, ReadOnlyMemory<byte> Payload, TimeSpan Timeout, string TraceId)
    {
        public TaskCompletionSource<Answer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
