using Microsoft.Extensions.Configuration.Json;

namespace Serverless;

/// <summary>What every service is on Kestrel: JSON logs, and the pages of cors.json that may call.</summary>
public static class KestrelHost
{
    /// <summary>Begins a server.</summary>
    /// <exception cref="SettingException">The setting <c>allowedOrigins</c> is missing or lets every page call.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        // Beside the program wherever it is started from, and below the environment, which may name other origins.
        var pages = new JsonConfigurationSource { Path = Path.Combine(AppContext.BaseDirectory, "cors.json") };
        pages.ResolveFileProvider();
        builder.Configuration.Sources.Insert(0, pages);
        builder.Logging.ClearProviders().AddJsonConsole(options => options.IncludeScopes = true);
        builder.WebHost.ConfigureKestrel(options => options.AddServerHeader = false);

        var origins = builder.Configuration.GetSection("allowedOrigins").Get<string[]>() ?? [];
        if (origins.Length == 0 || origins.Contains("*"))
            throw new SettingException("The setting allowedOrigins is missing or holds \"*\"; expected are the origins of the pages that may call.");
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins(origins)
            .WithMethods("GET", "POST", "PUT", "DELETE")
            .WithHeaders("Authorization", "Content-Type", Trace.Header)
            .WithExposedHeaders(Trace.Header)
            .SetPreflightMaxAge(TimeSpan.FromHours(1))));
        return builder;
    }

    /// <summary>Puts the trace and the pages' rights before all else, and says that the process lives.</summary>
    public static WebApplication UseService(this WebApplication app)
    {
        app.UseTrace();
        app.UseCors();
        app.MapGet("/health/live", () => Results.Ok());
        return app;
    }

    /// <summary>Builds a server and runs it until it is told to end.</summary>
    /// <returns>The exit code: 0, or 1 with one sentence on standard error if a setting keeps it from starting.</returns>
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
    }
}
