using sls_auth.Users;
using Serverless;

namespace sls_auth.Functions;

/// <summary><c>GET /me</c>: the caller's own record, with the teams they are in.</summary>
internal static class Me
{
    /// <summary>Answers with the record, which is made now if the trigger did not make it.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, UsersTable users)
    {
        var user = await users.FindOrCreateUserAsync(request.RequireCaller(), request.Cancelled);
        return ApiResponse.Json(
            200,
            new UserBody(user.Sub, user.Email, user.CreatedAt, [.. user.Memberships.Select(TeamOfUser.From)]),
            ApiJson.Default.UserBody);
    }
}

/// <summary>A user, as the API shows one to themself.</summary>
internal sealed record UserBody(string Sub, string? Email, DateTimeOffset CreatedAt, IReadOnlyList<TeamOfUser> Teams);

/// <summary>A team that a user is in, and what they may do in it.</summary>
internal sealed record TeamOfUser(string Id, Role Role, IReadOnlyList<string> Permissions)
{
    /// <summary>From the row.</summary>
    public static TeamOfUser From(Membership membership) =>
        new TeamOfUser(membership.TeamId, membership.Role, membership.Permissions);
}
