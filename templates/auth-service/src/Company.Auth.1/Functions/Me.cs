using Company.Auth._1.Users;
using Serverless;

namespace Company.Auth._1.Functions;

/// <summary>The caller's own record.</summary>
internal static class Me
{
    /// <summary>
    /// <c>GET /me?after=&lt;team&gt;</c>: the record, with a page of the caller's teams. It is made now if the trigger did not make it,
    /// and its e-mail address follows the pool's.
    /// </summary>
    public static async Task<ApiResponse> Read(ApiRequest request, UsersTable users, UserPool pool)
    {
        var user = await users.FindOrCreateUserAsync(request.RequireCaller(), request.Cancelled, await pool.FindEmailAsync(request), request.After());
        return ApiResponse.Json(
            200,
            new UserBody(user.Sub, user.Email, user.CreatedAt, [.. user.Memberships.Select(TeamOfUser.From)], user.Next),
            ApiJson.Default.UserBody);
    }

    /// <summary><c>GET /me/export</c>: everything that is kept about the caller.</summary>
    public static async Task<ApiResponse> Export(ApiRequest request, UsersTable users, UserPool pool)
    {
        var email = await pool.FindEmailAsync(request);
        var user = await users.FindOrCreateUserAsync(request.RequireCaller(), request.Cancelled, email);
        var teams = new List<TeamOfUser>();
        await foreach (var membership in users.MembershipsOfAsync(user.Sub, request.Cancelled))
            teams.Add(TeamOfUser.From(membership));
        var invitations = new List<InvitationBody>();
        for (string? after = null; email is not null;)
        {
            var page = await users.InvitationsToAsync(email, after, request.Cancelled);
            invitations.AddRange(page.Items.Select(InvitationBody.From));
            if ((after = page.Next) is null)
                break;
        }

        return ApiResponse.Json(200, new ExportBody(user.Sub, user.Email, user.CreatedAt, teams, invitations), ApiJson.Default.ExportBody);
    }

    /// <summary>
    /// <c>DELETE /me</c>: takes the caller out of their teams, deletes their record, and their account in the pool. The account goes last,
    /// so that the same call again finishes what was cut off. Answers 204; 401 if the pool no longer accepts the token.
    /// </summary>
    public static async Task<ApiResponse> Delete(ApiRequest request, UsersTable users, UserPool pool)
    {
        await users.DeleteUserAsync(request.RequireCaller(), await pool.FindEmailAsync(request), request.Cancelled);
        await pool.DeleteUserAsync(request);
        return ApiResponse.NoContent();
    }

    /// <summary>The query's <c>after</c>: where a page begins; null for the first.</summary>
    /// <exception cref="ProblemException">400: it is too long.</exception>
    public static string? After(this ApiRequest request) => request.Query.GetValueOrDefault("after") switch
    {
        null or "" => null,
        { Length: <= Caller.MaxSubLength } after => after,
        { Length: var length } => throw new ProblemException(400, "invalid_query", $"The query's 'after' has {length} characters. Send the 'next' of the page before."),
    };
}

/// <summary>A user, as the API shows them to themselves.</summary>
/// <param name="Sub">Their identifier.</param>
/// <param name="Email">Their verified e-mail address.</param>
/// <param name="CreatedAt">When the record was made.</param>
/// <param name="Teams">A page of their teams.</param>
/// <param name="Next">If there are more: what to send as <c>after</c> for the next page.</param>
internal sealed record UserBody(string Sub, string? Email, DateTimeOffset CreatedAt, IReadOnlyList<TeamOfUser> Teams, string? Next);

/// <summary>Everything that is kept about a user.</summary>
internal sealed record ExportBody(
    string Sub, string? Email, DateTimeOffset CreatedAt, IReadOnlyList<TeamOfUser> Teams, IReadOnlyList<InvitationBody> Invitations);

/// <summary>A team that a user is in, and what they may do in it.</summary>
internal sealed record TeamOfUser(string Id, Role Role, IReadOnlyList<string> Permissions)
{
    /// <summary>From the row.</summary>
    public static TeamOfUser From(Membership membership) =>
        new TeamOfUser(membership.TeamId, membership.Role, membership.Permissions);
}
