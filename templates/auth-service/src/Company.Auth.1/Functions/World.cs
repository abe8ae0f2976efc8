using Serverless;

namespace Company.Auth._1.Functions;

/// <summary>
/// <c>GET /world</c>: greets callers who sign the request with the credentials of the identity pool. IAM decides, by the pool's role
/// for signed-in users, before the function runs.
/// </summary>
internal static class World
{
    /// <summary>Answers with the caller's identifier in the user pool.</summary>
    public static Task<ApiResponse> Handle(ApiRequest request) =>
        Task.FromResult(ApiResponse.Json(200, new Greeting("World", request.RequireCaller().Sub), Greeting.Write));
}
