using System;
using System.Net.Http;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Amazon.Lambda.Core;
using Amazon.Lambda.RuntimeSupport.Bootstrap;
using Amazon.Lambda.RuntimeSupport.Logging;
using Amazon.Lambda.RuntimeSupport.RuntimeApi;

namespace Amazon.Lambda.RuntimeSupport;

/// <summary>
/// Asks the Lambda Runtime API for invocations and answers them, one after the other. Left out of the real one: several
/// invocations at once, response streaming, SnapStart, the telemetry file descriptor.
/// </summary>
public class LambdaBootstrap : IDisposable
{
    private readonly LambdaBootstrapHandler handler;
    private readonly LambdaBootstrapInitializer initializer;
    private readonly ILambdaSerializer serializer;
    private readonly HttpClient ownHttpClient;
    private readonly RuntimeApiClient runtimeApi;
    private readonly FunctionLog log = FunctionLog.TakeOverConsole();

    public LambdaBootstrap(HttpClient httpClient, LambdaBootstrapHandler handler, LambdaBootstrapInitializer initializer = null)
        : this(httpClient ?? throw new ArgumentNullException(nameof(httpClient)), handler, null, initializer, null)
    {
    }

    public LambdaBootstrap(LambdaBootstrapHandler handler, LambdaBootstrapInitializer initializer = null)
        : this(null, handler, null, initializer, null)
    {
    }

    public LambdaBootstrap(
        LambdaBootstrapHandler handler,
        LambdaBootstrapOptions lambdaBootstrapOptions,
        LambdaBootstrapInitializer initializer = null)
        : this(null, handler, lambdaBootstrapOptions, initializer, null)
    {
    }

    internal LambdaBootstrap(
        HttpClient httpClient,
        LambdaBootstrapHandler handler,
        LambdaBootstrapOptions options,
        LambdaBootstrapInitializer initializer,
        ILambdaSerializer serializer)
    {
        this.handler = handler ?? throw new ArgumentNullException(nameof(handler));
        this.initializer = initializer;
        this.serializer = serializer;
        httpClient ??= ownHttpClient = ConstructHttpClient();
        httpClient.Timeout = TimeSpan.FromHours(12);
        var endpoint = string.IsNullOrEmpty(options?.RuntimeApiEndpoint)
            ? Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API")
            : options.RuntimeApiEndpoint;
        runtimeApi = new RuntimeApiClient(httpClient, endpoint);
    }

    public static HttpClient ConstructHttpClient()
    {
        // An error's cause may hold any character, and it travels in a header.
        var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 });
        client.DefaultRequestHeaders.Add("User-Agent", $"aws-lambda-dotnet/{Environment.Version}-stand-in");
        return client;
    }

    /// <summary>
    /// Runs until cancelled. A handler that throws costs its invocation only; a Runtime API that does not answer as it
    /// should ends the run.
    /// </summary>
    /// <exception cref="RuntimeApiClientException">The Runtime API refused.</exception>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        KeepToMemorySize();
        if (initializer is not null && !await InitializeAsync())
        {
            return;
        }

        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await InvokeOnceAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // Either the caller cancelled, or the wait for an invocation has timed out: then ask again.
            }
        }
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            ownHttpClient?.Dispose();
        }
    }

    private async Task<bool> InitializeAsync()
    {
        try
        {
            return await initializer();
        }
        catch (Exception exception)
        {
            log.Write(nameof(LogLevel.Error), exception, null, []);
            await runtimeApi.ReportInitializationErrorAsync(exception);
            throw;
        }
    }

    private async Task InvokeOnceAsync(CancellationToken cancellationToken)
    {
        var (input, headers) = await runtimeApi.NextInvocationAsync(cancellationToken);
        using var invocation = new InvocationRequest
        {
            InputStream = input,
            LambdaContext = new LambdaContext(headers, log, serializer),
        };
        log.Invocation = headers;
        Environment.SetEnvironmentVariable("_X_AMZN_TRACE_ID", headers.TraceId);
        LambdaTraceProvider.SetCurrentTraceId(headers.TraceId);

        InvocationResponse response;
        try
        {
            response = await handler(invocation);
        }
        catch (Exception exception)
        {
            log.Write(nameof(LogLevel.Error), exception, null, []);
            await runtimeApi.ReportInvocationErrorAsync(headers.AwsRequestId, exception, cancellationToken);
            return;
        }

        try
        {
            await runtimeApi.SendResponseAsync(headers.AwsRequestId, response?.OutputStream, cancellationToken);
        }
        finally
        {
            if (response is { DisposeOutputStream: true })
            {
                response.OutputStream?.Dispose();
            }
        }
    }

    // So that a function that needs more memory than it is given fails in a test as it does on Lambda.
    private static void KeepToMemorySize()
    {
        if (string.Equals(
                Environment.GetEnvironmentVariable("AWS_LAMBDA_DOTNET_DISABLE_MEMORY_LIMIT_CHECK"),
                "true",
                StringComparison.OrdinalIgnoreCase)
            || !ulong.TryParse(Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), out var megabytes))
        {
            return;
        }

        var bytes = megabytes * 1024 * 1024;
        if ((ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >= bytes)
        {
            AppContext.SetData("GCHeapHardLimit", bytes);
            try
            {
                GC.RefreshMemoryLimit();
            }
            catch (InvalidOperationException)
            {
                // The process holds more than that already, as a test host may; the real client goes on as well.
            }
        }
    }
}
