using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Serverless;

namespace Handlers;

/// <summary><c>GET /slshandler</c></summary>
internal static class SlsHandler
{
    /// <summary>Adds the route to the service's table. A module initializer runs before anything else, in a native binary too.</summary>
    [ModuleInitializer]
    internal static void Add() => AddedRoutes.Add(new("slsHandler", "GET", "/slshandler", Access.Token, Handle));

    /// <summary>Answers a request. Throw a <see cref="ProblemException"/> to answer with an error.</summary>
    public static Task<ApiResponse> Handle(ApiRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.FromResult(ApiResponse.Json(200, new SlsHandlerBody(request.Path, request.RequireCaller().Sub), SlsHandlerJson.Default.SlsHandlerBody));
    }
}

/// <summary>The body of the answer.</summary>
/// <param name="Path">The path of the request.</param>
/// <param name="Sub">The caller's identifier; null on a route that anyone may call.</param>
internal sealed record SlsHandlerBody(string Path, string? Sub);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SlsHandlerBody))]
internal sealed partial class SlsHandlerJson : JsonSerializerContext;
