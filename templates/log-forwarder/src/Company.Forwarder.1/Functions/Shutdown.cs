using System.Runtime.InteropServices;

namespace Company.Forwarder._1.Functions;

/// <summary>
/// The end of the environment. A function that has an extension gets SIGTERM, and SIGKILL 300 ms later.
/// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
/// A request that is under way then gets a moment to end; the rest of the time is for the report.
/// </summary>
public static class Shutdown
{
    private static readonly TimeSpan RequestTime = TimeSpan.FromMilliseconds(120);
    private static readonly TimeSpan ReportTime = TimeSpan.FromSeconds(3);

    private static readonly CancellationTokenSource Requested = new();
    private static readonly PosixSignalRegistration Registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    private static int running;
    private static volatile bool isComing;

    /// <summary>Is cancelled when the time for requests is over.</summary>
    public static CancellationToken Token => Requested.Token;

    /// <summary>Runs an invocation, which Lambda is told about before the process ends.</summary>
    public static async Task<T> RunAsync<T>(Func<Task<T>> invocation)
    {
        ArgumentNullException.ThrowIfNull(invocation);
        GC.KeepAlive(Registration);
        Interlocked.Increment(ref running);
        try
        {
            return await invocation();
        }
        finally
        {
            Interlocked.Decrement(ref running);
            if (isComing)
                _ = ExitAsync();
        }
    }

    private static void OnSignal(PosixSignalContext signal)
    {
        // Nothing is under way: the process ends at once.
        if (Volatile.Read(ref running) == 0)
            return;
        signal.Cancel = true;
        isComing = true;
        Requested.CancelAfter(RequestTime);
    }

    private static async Task ExitAsync()
    {
        // Meanwhile the runtime reports the result. Lambda kills the process sooner, others who send SIGTERM may not.
        await Task.Delay(ReportTime);
        Environment.Exit(0);
    }
}
