using Company.Auth._1.Users;
using Serverless;

namespace Company.Auth._1.Functions;

/// <summary><c>GET /world?team=&lt;id&gt;</c>: greets users who may see that team.</summary>
internal static class TeamWorld
{
    /// <summary>Answers with the caller's identifier, if they have the permission in the team.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, UsersTable users)
    {
        var team = request.Query.GetValueOrDefault("team", "");
        if (team.Length is 0 or > 128)
            throw new ProblemException(400, "invalid_query", $"The query's 'team' has {team.Length} characters; expected 1 to 128.");
        var membership = await users.RequirePermissionAsync(request.RequireCaller(), team, Permission.ReadTeam, request.Cancelled);
        return ApiResponse.Json(200, new Greeting("World", membership.Sub), Greeting.Write);
    }
}
