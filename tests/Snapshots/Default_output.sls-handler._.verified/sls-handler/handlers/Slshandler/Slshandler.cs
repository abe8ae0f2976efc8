using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Serverless;

namespace Handlers;

/// <summary><c>GET /slshandler</c></summary>
internal static class Slshandler
{
    /// <summary>Puts the route into the service's table: a module initializer runs before anything else, natively compiled or not.</summary>
    [ModuleInitializer]
    internal static void Add() => AddedRoutes.Add(new("slshandler", "GET", "/slshandler", Access.Token, Handle));

    /// <summary>Answers a request. One that cannot be answered ends with a <see cref="ProblemException"/>.</summary>
    public static Task<ApiResponse> Handle(ApiRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.FromResult(ApiResponse.Json(200, new SlshandlerBody(request.Path, request.RequireCaller().Sub), SlshandlerJson.Default.SlshandlerBody));
    }
}

/// <summary>What is answered.</summary>
/// <param name="Path">The path that was asked for.</param>
/// <param name="Sub">Who has asked, by their identifier; null if nobody had to sign in.</param>
internal sealed record SlshandlerBody(string Path, string? Sub);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SlshandlerBody))]
internal sealed partial class SlshandlerJson : JsonSerializerContext;
