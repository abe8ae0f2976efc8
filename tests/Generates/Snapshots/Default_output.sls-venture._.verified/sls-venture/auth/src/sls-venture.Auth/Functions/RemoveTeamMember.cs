using sls_venture.Auth.Users;
using Serverless;

namespace sls_venture.Auth.Functions;

/// <summary><c>DELETE /teams/{id}/members/{sub}</c>: removes a member. Who is in a team may leave it without being its admin.</summary>
internal static class RemoveTeamMember
{
    /// <summary>Answers 204.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, UsersTable users)
    {
        var team = request.PathParameter("id");
        var sub = request.PathParameter("sub");
        await users.RemoveMemberAsync(request.RequireCaller(), team, sub, request.Cancelled);
        return ApiResponse.NoContent();
    }
}
