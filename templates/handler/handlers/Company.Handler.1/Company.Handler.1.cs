using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Serverless;

namespace Handlers;

/// <summary><c>__method__ __path__</c></summary>
internal static class Company_Handler__1
{
    /// <summary>Adds the route to the service's table. A module initializer runs before anything else, in a native binary too.</summary>
    [ModuleInitializer]
    internal static void Add() => AddedRoutes.Add(new("__functionName__", "__method__", "__path__", Access.__Access__, Handle));

    /// <summary>Answers a request. Throw a <see cref="ProblemException"/> to answer with an error.</summary>
    public static Task<ApiResponse> Handle(ApiRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
#if (anyone)
        return Task.FromResult(ApiResponse.Json(200, new Company_Handler__1Body(request.Path, null), Company_Handler__1Json.Default.Company_Handler__1Body));
#else
        return Task.FromResult(ApiResponse.Json(200, new Company_Handler__1Body(request.Path, request.RequireCaller().Sub), Company_Handler__1Json.Default.Company_Handler__1Body));
#endif
    }
}

/// <summary>The body of the answer.</summary>
/// <param name="Path">The path of the request.</param>
/// <param name="Sub">The caller's identifier; null on a route that anyone may call.</param>
internal sealed record Company_Handler__1Body(string Path, string? Sub);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Company_Handler__1Body))]
internal sealed partial class Company_Handler__1Json : JsonSerializerContext;
