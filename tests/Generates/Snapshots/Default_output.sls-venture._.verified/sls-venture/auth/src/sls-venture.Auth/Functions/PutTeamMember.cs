using sls_venture.Auth.Users;
using Serverless;

namespace sls_venture.Auth.Functions;

/// <summary><c>PUT /teams/{id}/members/{sub}</c>: gives a member another role or other permissions.</summary>
internal static class PutTeamMember
{
    /// <summary>Answers 204.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, UsersTable users)
    {
        var team = request.PathParameter("id");
        var sub = request.PathParameter("sub");
        var member = request.ReadJson(
            ApiJson.Default.NewMember, "{\"role\": \"member\" or \"admin\", \"permissions\": [\"<thing>:<action>\", …] beyond the role's, may be missing}");

        await users.SetMemberAsync(request.RequireCaller(), team, sub, member.Role, Permission.Read(member.Permissions), request.Cancelled);
        return ApiResponse.NoContent();
    }
}

/// <summary>The body: the member's role, and permissions beyond it.</summary>
internal sealed record NewMember(Role Role, IReadOnlyList<string>? Permissions = null);
