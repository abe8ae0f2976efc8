using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Serverless;

namespace Handlers;

/// <summary><c>__method__ __path__</c></summary>
internal static class Company_Handler__1
{
    /// <summary>Puts the route into the service's table: a module initializer runs before anything else, natively compiled or not.</summary>
    [ModuleInitializer]
    internal static void Add() => AddedRoutes.Add(new("__functionName__", "__method__", "__path__", Access.__Access__, Handle));

    /// <summary>Answers a request. One that cannot be answered ends with a <see cref="ProblemException"/>.</summary>
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

/// <summary>What is answered.</summary>
/// <param name="Path">The path that was asked for.</param>
/// <param name="Sub">Who has asked, by their identifier; null if nobody had to sign in.</param>
internal sealed record Company_Handler__1Body(string Path, string? Sub);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Company_Handler__1Body))]
internal sealed partial class Company_Handler__1Json : JsonSerializerContext;
