using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Serverless;

/// <summary>What every service is on Kestrel: JSON logs, traces and metrics, and what tells whether it is well.</summary>
public static class KestrelHost
{
    /// <summary>Begins a server.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        // Without TLS, which ends before the service, and without what a native binary would hold in vain.
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddTelemetry();
        builder.WebHost.ConfigureKestrel(options => options.AddServerHeader = false);
        return builder;
    }

    /// <summary>Says at <c>/health/live</c> that the process lives, and at <c>/health/ready</c> whether it can work: 200, or 503.</summary>
    public static void MapHealth(this WebApplication app, Func<CancellationToken, Task<bool>> isReady)
    {
        app.MapGet("/health/live", () => Results.Ok());
        app.MapGet("/health/ready", async (HttpContext http) =>
            await isReady(http.RequestAborted) ? Results.Ok() : Results.StatusCode(StatusCodes.Status503ServiceUnavailable));
    }

    /// <summary>Builds a server and runs it until it is told to end.</summary>
    /// <returns>The exit code: 0, or 1 with one sentence on standard error if a setting or a port in use keeps it from starting.</returns>
    public static async Task<int> RunAsync(Func<WebApplication> build)
    {
        ArgumentNullException.ThrowIfNull(build);
        try
        {
            await using var app = build();
            await app.RunAsync();
            return 0;
        }
        catch (SettingException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"{exception.Message} Choose a free port in the setting that names this address, such as --urls http://127.0.0.1:<port>");
            return 1;
        }
    }
}
