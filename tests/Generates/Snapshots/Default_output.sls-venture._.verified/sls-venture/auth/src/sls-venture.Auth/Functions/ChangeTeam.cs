using sls_venture.Auth.Users;
using Serverless;

namespace sls_venture.Auth.Functions;

/// <summary>What the admins of a team do with the team itself.</summary>
internal static class ChangeTeam
{
    /// <summary><c>PUT /teams/{id}</c>: gives the team another name. Answers 204.</summary>
    public static async Task<ApiResponse> Rename(ApiRequest request, UsersTable users)
    {
        await users.RenameTeamAsync(request.RequireCaller(), request.PathParameter("id"), NewTeam.ReadName(request), request.Cancelled);
        return ApiResponse.NoContent();
    }

    /// <summary><c>DELETE /teams/{id}</c>: deletes the team with its memberships and invitations. Answers 204.</summary>
    public static async Task<ApiResponse> Delete(ApiRequest request, UsersTable users)
    {
        await users.DeleteTeamAsync(request.RequireCaller(), request.PathParameter("id"), request.Cancelled);
        return ApiResponse.NoContent();
    }
}
