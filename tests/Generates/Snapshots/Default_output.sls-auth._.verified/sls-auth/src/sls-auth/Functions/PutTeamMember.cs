using sls_auth.Users;
using Serverless;

namespace sls_auth.Functions;

/// <summary><c>PUT /teams/{id}/members/{sub}</c>: adds a member, or gives one another role or other permissions.</summary>
internal static class PutTeamMember
{
    private const int MaxPermissions = 32;

    /// <summary>Answers 204.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, UsersTable users)
    {
        var team = request.PathParameter("id");
        var sub = request.PathParameter("sub");
        var member = request.ReadJson(
            ApiJson.Default.NewMember, "{\"role\": \"member\" or \"admin\", \"permissions\": [\"<thing>:<action>\", …] if more than the role's}");
        var permissions = member.Permissions ?? [];
        if (permissions.Count > MaxPermissions)
            throw new ProblemException(400, "invalid_permissions", $"The permissions are {permissions.Count}; expected are at most {MaxPermissions}.");
        if (!permissions.All(Permission.IsValid))
            throw new ProblemException(400, "invalid_permissions", "A permission is not of the form expected: <thing>:<action>, in lower-case letters, digits and hyphens.");

        await users.SetMemberAsync(request.RequireCaller(), team, sub, member.Role, [.. permissions.Distinct()], request.Cancelled);
        return ApiResponse.NoContent();
    }
}

/// <summary>What is asked for.</summary>
internal sealed record NewMember(Role Role, IReadOnlyList<string>? Permissions = null);
