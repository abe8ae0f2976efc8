using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Serverless;

namespace Handlers;

/// <summary><c>GET /slshandler</c></summary>
internal static class SlsHandler
{
    /// <summary>Puts the route into the service's table: a module initializer runs before anything else, natively compiled or not.</summary>
    [ModuleInitializer]
    internal static void Add() => AddedRoutes.Add(new("slsHandler", "GET", "/slshandler", Access.Token, Handle));

    /// <summary>Answers a request. One that cannot be answered ends with a <see cref="ProblemException"/>.</summary>
    public static Task<ApiResponse> Handle(ApiRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.FromResult(ApiResponse.Json(200, new SlsHandlerBody(request.Path, request.RequireCaller().Sub), SlsHandlerJson.Default.SlsHandlerBody));
    }
}

/// <summary>What is answered.</summary>
/// <param name="Path">The path that was asked for.</param>
/// <param name="Sub">Who has asked, by their identifier; null if nobody had to sign in.</param>
internal sealed record SlsHandlerBody(string Path, string? Sub);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SlsHandlerBody))]
internal sealed partial class SlsHandlerJson : JsonSerializerContext;
