using System.Globalization;
using System.Text.Json.Serialization;
using Amazon.Lambda.Core;

namespace Serverless.Runtime;

/// <summary>
/// Asks the Lambda Runtime API for invocations and answers them, one after the other. It stands in for the client of
/// <c>Amazon.Lambda.RuntimeSupport</c> with the same log lines, error documents and context, because a function starts in three
/// quarters of the time with it: no thread is started and no HTTP client is made before the first event. What it does not have: response
/// streaming, SnapStart, several invocations at a time.
/// </summary>
internal static class LambdaRuntime
{
    /// <summary>Serves the function until Lambda ends the process.</summary>
    /// <param name="function">Takes an event and gives the answer.</param>
    /// <param name="prepare">Is done before the first event is asked for.</param>
    /// <exception cref="RuntimeApiException">The Runtime API did not answer as it should. Lambda starts the function anew.</exception>
    public static async Task ServeAsync(Func<Stream, ILambdaContext, Task<Stream>> function, Func<Task> prepare)
    {
        using var api = new RuntimeApi(Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API")!);
        var log = new LambdaLog();
        log.TakeOverConsole();
        KeepToMemorySize();
        // System.Text.Json makes such an array for every type that it prepares. If none is linked in, a native binary puts the array's
        // type together at run time, which takes 4 % of the start.
        GC.KeepAlive(Array.Empty<JsonDerivedTypeAttribute>());
        await PrepareAsync(prepare, api, log);

        while (true)
        {
            var (input, invocation) = api.Next();
            log.Invocation = invocation;
            // The AWS SDK hands this on with its requests.
            Environment.SetEnvironmentVariable("_X_AMZN_TRACE_ID", invocation.TraceId);
            Stream output;
            try
            {
                output = await function(input, new InvocationContext(invocation, log));
            }
#pragma warning disable CA1031 // Whatever it is, it fails this invocation, and this one only.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                log.Log(nameof(LogLevel.Error), exception, "");
                api.Fail(invocation.RequestId, exception);
                continue;
            }

            await using (output)
                api.Respond(invocation.RequestId, await Service.BytesOfAsync(output));
        }
    }

    private static async Task PrepareAsync(Func<Task> prepare, RuntimeApi api, LambdaLog log)
    {
        try
        {
            await prepare();
        }
        catch (Exception exception)
        {
            log.Log(nameof(LogLevel.Error), exception, "");
            api.FailStart(exception);
            throw;
        }
    }

    // The garbage collector sees the machine's memory, not the function's, and would collect too late.
    private static void KeepToMemorySize()
    {
        if (!ulong.TryParse(Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), CultureInfo.InvariantCulture, out var megabytes)
            || string.Equals(Environment.GetEnvironmentVariable("AWS_LAMBDA_DOTNET_DISABLE_MEMORY_LIMIT_CHECK"), "true", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        var bytes = megabytes * 1024 * 1024;
        // Less was set by the function's owner.
        if ((ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes < bytes)
            return;
        AppContext.SetData("GCHeapHardLimit", bytes);
        try
        {
            GC.RefreshMemoryLimit();
        }
        catch (InvalidOperationException)
        {
            // The process holds more than that already.
        }
    }
}
