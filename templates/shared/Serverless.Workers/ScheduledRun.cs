using System.Diagnostics;
using System.Globalization;
using Amazon.Lambda.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Serverless;

/// <summary>A function that a schedule invokes, run once, as a Job of a Kubernetes CronJob.</summary>
public static class ScheduledRun
{
    // What a Job's name says is believed for this long: a Job can wait, but not for longer than Kubernetes looks back.
    private const long OldestMinutes = 24 * 60;

    // By how much the clocks of two nodes may differ.
    private const long ClockSkewMinutes = 5;

    /// <summary>
    /// Runs the function. SIGTERM does not interrupt it: the pod has more time to end than the function has to run.
    /// </summary>
    /// <param name="args">The command line, which may hold settings: <c>--NAME=value</c>.</param>
    /// <param name="function">Its name, as in serverless.yml.</param>
    /// <param name="timeout">Its time.</param>
    /// <param name="run">Runs it, with a setting's text by its name and the time that was due.</param>
    /// <returns>The exit code: 0; 1 if it failed, which the log has; 1 with one sentence on standard error if a setting keeps it from starting.</returns>
    public static async Task<int> RunAsync(
        string[] args, string function, TimeSpan timeout, Func<Func<string, string?>, DateTimeOffset, ILambdaContext, Task> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var builder = Host.CreateApplicationBuilder(args);
        builder.AddTelemetry();
        using var host = builder.Build();
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Serverless.Schedule");
        // Takes SIGTERM, and begins to record.
        await host.StartAsync();

        var context = new LocalContext(function, timeout, new FunctionLog(logger));
        Trace.Current = context.TraceId;
        using (var span = Telemetry.Begin(function, ActivityKind.Internal, context.TraceId, []))
        {
            try
            {
                await run(name => builder.Configuration[name], DueOf(builder.Configuration["JOB_NAME"], DateTimeOffset.UtcNow), context).WaitAsync(timeout);
            }
            catch (SettingException exception)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return 1;
            }
#pragma warning disable CA1031 // Whatever it is, the Job has failed, and is tried again.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                span?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
                logger.LogError(exception, "{Function} failed in trace {RequestTrace}: {Reason}", function, context.TraceId, exception.GetType().Name);
                return 1;
            }
        }

        await host.StopAsync();
        return 0;
    }

    // A CronJob names its Jobs after the minute that was due, counted since 1970: <CronJob>-29663280. All attempts have the time that the
    // first one has, however late they are. https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/cronjob/cronjob_controllerv2.go
    // A Job that somebody made by hand has a name of another kind: it is due when it starts.
    private static DateTimeOffset DueOf(string? job, DateTimeOffset now)
    {
        var started = now.ToUnixTimeSeconds() / 60;
        var due = long.TryParse(job?.Split('-')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var minute) && minute >= started - OldestMinutes && minute <= started + ClockSkewMinutes ? minute : started;
        return DateTimeOffset.FromUnixTimeSeconds(due * 60);
    }
}
