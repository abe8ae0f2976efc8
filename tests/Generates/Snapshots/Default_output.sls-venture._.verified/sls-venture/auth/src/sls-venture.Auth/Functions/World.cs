using Serverless;

namespace sls_venture.Auth.Functions;

/// <summary>
/// <c>GET /world</c>: answers whoever signs the request with the credentials of the identity pool. IAM decides, by the pool's role
/// for signed-in users, before the function runs.
/// </summary>
internal static class World
{
    /// <summary>Answers with the caller's identifier in the user pool.</summary>
    public static Task<ApiResponse> Handle(ApiRequest request) =>
        Task.FromResult(ApiResponse.Json(200, new Greeting("World", request.RequireCaller().Sub), ApiJson.Default.Greeting));
}
