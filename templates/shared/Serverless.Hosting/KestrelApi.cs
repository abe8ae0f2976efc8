using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Serverless;

/// <summary>What a service with an HTTP API is on Kestrel beside its routes: the trace of a request, and the pages that may call.</summary>
public static class KestrelApi
{
    /// <summary>Lets pages call. Their origins: the setting <c>ALLOWED_ORIGINS</c>, else those of cors.json.</summary>
    /// <exception cref="SettingException">There is no origin, or one that lets every page call.</exception>
    public static WebApplicationBuilder AddApi(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
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

    /// <summary>Puts the trace and the pages' rights before all else, and serves openapi.json.</summary>
    public static WebApplication UseApi(this WebApplication app)
    {
        app.UseTrace();
        app.UseCors();
        // Beside the program, wherever it is started from.
        app.MapGet("/openapi.json", () => Results.File(Path.Combine(AppContext.BaseDirectory, "openapi.json"), "application/json"));
        return app;
    }

    // One text takes the place of the whole list: lists of two sources would be merged item by item.
    private static string[] OriginsOf(string? setting) =>
        setting?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        // Beside the program, wherever it is started from.
        ?? new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "cors.json")).Build().GetSection("allowedOrigins").Get<string[]>()
        ?? [];
}
