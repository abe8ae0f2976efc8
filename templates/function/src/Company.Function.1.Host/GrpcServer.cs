using Grpc.Reflection;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using HealthService = Grpc.Health.V1.Health;

namespace Company.Function._1.Host;

using Protos;

/// <summary>gRPC beside HTTP, on a port of its own: without TLS, a port takes either HTTP/1.1 or HTTP/2.</summary>
internal static class GrpcServer
{
    /// <summary>Adds gRPC at the address in the setting <c>GRPC_URL</c>.</summary>
    /// <exception cref="SettingException">The setting is missing, or not an address with a port of its own.</exception>
    public static void AddGrpcServer(this WebApplicationBuilder builder)
    {
        var http = HttpAddresses(builder.Configuration);
        var grpc = GrpcAddress(builder.Configuration["GRPC_URL"], http);
        builder.WebHost.UseUrls([.. http, grpc.ToString()]);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            if (endpoint.IPEndPoint?.Port == grpc.Port)
                endpoint.Protocols = HttpProtocols.Http2;
        }));
        builder.Services.AddGrpc().AddServiceOptions<TradeItemsGrpc>(service => service.Interceptors.Add<GrpcRoutes>());
        builder.Services.AddSingleton<GrpcRoutes>();
        builder.Services.AddSingleton<GrpcHealth>();
        builder.Services.AddSingleton(_ => new ReflectionV1ServiceImpl(TradeItemsService.Descriptor, HealthService.Descriptor));
    }

    /// <summary>Maps the methods of protos/, health and, in development, reflection. The routes must be mapped before.</summary>
    /// <exception cref="InvalidDataException">A method names no route.</exception>
    public static void MapGrpcServer(this WebApplication app)
    {
        IEndpointRouteBuilder mapped = app;
        var endpoints = mapped.DataSources.SelectMany(one => one.Endpoints).OfType<RouteEndpoint>().ToList();
        app.Services.GetRequiredService<GrpcRoutes>().Bind(endpoints);
        app.Services.GetRequiredService<GrpcHealth>().Bind(endpoints);
        app.MapGrpcService<TradeItemsGrpc>();
        app.MapGrpcService<GrpcHealth>();
        if (app.Environment.IsDevelopment())
            app.MapGrpcService<ReflectionV1ServiceImpl>();
    }

    // As ASP.NET finds them where no address is set in code.
    private static string[] HttpAddresses(ConfigurationManager configuration) =>
        configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 } urls ? urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        : configuration[WebHostDefaults.HttpPortsKey] is { Length: > 0 } numbers ? [.. numbers.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(number => $"http://*:{number}")]
        : ["http://localhost:5000"];

    private static BindingAddress GrpcAddress(string? setting, string[] http)
    {
        const string Expected = "expected the address for gRPC, with a port that HTTP does not use, such as http://*:8081.";
        if (string.IsNullOrWhiteSpace(setting))
            throw new SettingException($"The setting GRPC_URL is missing; {Expected}");
        try
        {
            var address = BindingAddress.Parse(setting);
            if (address.Scheme == "http" && address.Port > 0 && address.PathBase.Length == 0 && http.All(other => BindingAddress.Parse(other).Port != address.Port))
                return address;
        }
        catch (FormatException)
        {
            // It is told below.
        }

        throw new SettingException($"The setting GRPC_URL is \"{setting}\"; {Expected}");
    }
}

/// <summary>The service of protos/. <see cref="GrpcRoutes"/> answers its methods, so it has none of its own.</summary>
internal sealed class TradeItemsGrpc : TradeItemsService.TradeItemsServiceBase;
