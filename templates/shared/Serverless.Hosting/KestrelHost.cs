using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Serverless;

/// <summary>What every service is on Kestrel: JSON logs, traces and metrics, and the pages that may call.</summary>
public static class KestrelHost
{
    /// <summary>Begins a server. The origins of the pages that may call: the setting <c>ALLOWED_ORIGINS</c>, else those of cors.json.</summary>
    /// <exception cref="SettingException">There is no origin, or one that lets every page call.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        // Without TLS, which ends before the service, and without what a native binary would hold in vain.
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.ClearProviders().AddConsole(options => options.FormatterName = JsonLineFormatter.Name);
        // AddConsoleFormatter would bind the formatter's options, of which there are none, by reflection.
        builder.Services.AddSingleton<ConsoleFormatter, JsonLineFormatter>();
        builder.AddTelemetry();
        builder.WebHost.ConfigureKestrel(options => options.AddServerHeader = false);

        var origins = OriginsOf(builder.Configuration["ALLOWED_ORIGINS"]);
        if (origins.Length == 0 || origins.Contains("*"))
            throw new SettingException("ALLOWED_ORIGINS, or cors.json without it, is empty or holds \"*\"; expected the origins of the pages that may call.");
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins(origins)
            .WithMethods("GET", "POST", "PUT", "DELETE")
            .WithHeaders("Authorization", "Content-Type", "Idempotency-Key", Trace.Header)
            .WithExposedHeaders("Location", Trace.Header)
            .SetPreflightMaxAge(TimeSpan.FromHours(1))));
        return builder;
    }

    /// <summary>Puts the trace and the pages' rights before all else, says that the process lives, and serves openapi.json.</summary>
    public static WebApplication UseService(this WebApplication app)
    {
        app.UseTrace();
        app.UseCors();
        app.MapGet("/health/live", () => Results.Ok());
        // Beside the program, wherever it is started from.
        app.MapGet("/openapi.json", () => Results.File(Path.Combine(AppContext.BaseDirectory, "openapi.json"), "application/json"));
        return app;
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
            await Console.Error.WriteLineAsync($"{exception.Message} Choose a free port: --urls http://127.0.0.1:<port>");
            return 1;
        }
    }

    // One text takes the place of the whole list: lists of two sources would be merged item by item.
    private static string[] OriginsOf(string? setting) =>
        setting?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        // Beside the program, wherever it is started from.
        ?? new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "cors.json")).Build().GetSection("allowedOrigins").Get<string[]>()
        ?? [];
}
