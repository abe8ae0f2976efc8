using Serverless;

namespace sls_venture.Auth.Functions;

/// <summary><c>GET /hello</c>: greets whoever has signed in.</summary>
internal static class Hello
{
    /// <summary>Answers with the caller's identifier.</summary>
    public static Task<ApiResponse> Handle(ApiRequest request) =>
        Task.FromResult(ApiResponse.Json(200, new Greeting("Hello", request.RequireCaller().Sub), ApiJson.Default.Greeting));
}

/// <summary>What <c>hello</c> and <c>world</c> answer.</summary>
internal sealed record Greeting(string Message, string Sub);
