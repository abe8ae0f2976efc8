using Serverless;

namespace Company.Auth._1.Functions;

/// <summary><c>GET /hello</c>: greets a signed-in user.</summary>
internal static class Hello
{
    /// <summary>Answers with the caller's identifier.</summary>
    public static Task<ApiResponse> Handle(ApiRequest request) =>
        Task.FromResult(ApiResponse.Json(200, new Greeting("Hello", request.RequireCaller().Sub), ApiJson.Default.Greeting));
}

/// <summary>What <c>hello</c> and <c>world</c> answer.</summary>
internal sealed record Greeting(string Message, string Sub);
