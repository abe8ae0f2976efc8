using sls_venture.Auth.Users;
using Serverless;

namespace sls_venture.Auth.Functions;

/// <summary>Invitations to a team, from both sides: the team's admins, and the person whose e-mail address they name.</summary>
internal static class Invitations
{
    /// <summary><c>GET /teams/{id}/invitations</c>: the open invitations, for the team's admins.</summary>
    public static async Task<ApiResponse> ListOfTeam(ApiRequest request, UsersTable users)
    {
        var found = await users.InvitationsAsync(request.RequireCaller(), request.PathParameter("id"), request.Cancelled);
        return ApiResponse.Json(200, InvitationsBody.From(found, null), ApiJson.Default.InvitationsBody);
    }

    /// <summary><c>POST /teams/{id}/invitations</c>: invites the owner of an e-mail address. Answers 201 with the invitation.</summary>
    public static async Task<ApiResponse> Invite(ApiRequest request, UsersTable users)
    {
        var team = request.PathParameter("id");
        var asked = request.ReadJson(
            ApiJson.Default.NewInvitation, "{\"email\": \"<address>\", \"role\": \"member\" or \"admin\", \"permissions\": [\"<thing>:<action>\", …] beyond the role's, may be missing}");
        var invitation = await users.InviteAsync(
            request.RequireCaller(), team, ReadEmail(asked.Email), asked.Role, Permission.Read(asked.Permissions), request.Cancelled);
        return ApiResponse.Json(201, InvitationBody.From(invitation), ApiJson.Default.InvitationBody);
    }

    /// <summary><c>DELETE /teams/{id}/invitations/{email}</c>: withdraws an invitation. Answers 204.</summary>
    public static async Task<ApiResponse> Withdraw(ApiRequest request, UsersTable users)
    {
        await users.WithdrawAsync(request.RequireCaller(), request.PathParameter("id"), ReadEmail(request.PathParameter("email")), request.Cancelled);
        return ApiResponse.NoContent();
    }

    /// <summary><c>GET /me/invitations?after=&lt;team&gt;</c>: a page of the open invitations to the caller's address.</summary>
    public static async Task<ApiResponse> ListOwn(ApiRequest request, UsersTable users, UserPool pool)
    {
        var (items, next) = await users.InvitationsToAsync(await RequireEmailAsync(request, pool), request.After(), request.Cancelled);
        return ApiResponse.Json(200, InvitationsBody.From(items, next), ApiJson.Default.InvitationsBody);
    }

    /// <summary><c>PUT /me/invitations/{id}</c>: accepts the invitation to that team. Answers 204.</summary>
    public static async Task<ApiResponse> Accept(ApiRequest request, UsersTable users, UserPool pool)
    {
        await users.AcceptAsync(request.RequireCaller(), await RequireEmailAsync(request, pool), request.PathParameter("id"), request.Cancelled);
        return ApiResponse.NoContent();
    }

    /// <summary><c>DELETE /me/invitations/{id}</c>: declines the invitation to that team. Answers 204.</summary>
    public static async Task<ApiResponse> Decline(ApiRequest request, UsersTable users, UserPool pool)
    {
        await users.DeclineAsync(await RequireEmailAsync(request, pool), request.PathParameter("id"), request.Cancelled);
        return ApiResponse.NoContent();
    }

    private static async Task<string> RequireEmailAsync(ApiRequest request, UserPool pool) =>
        await pool.FindEmailAsync(request)
        ?? throw new ProblemException(403, "email_not_verified", "Your e-mail address is not verified. Confirm it in the app, sign in again, and try again.");

    private static string ReadEmail(string text)
    {
        var email = text.Trim().ToLowerInvariant();
        var at = email.IndexOf('@', StringComparison.Ordinal);
        return at > 0 && at < email.Length - 1 && at == email.LastIndexOf('@') && email.Length <= 128 && !email.Any(character => char.IsWhiteSpace(character) || char.IsControl(character))
            ? email
            : throw new ProblemException(400, "invalid_email", "The e-mail address is not of the form <name>@<domain>, of at most 128 characters.");
    }
}

/// <summary>The body of an invitation to send.</summary>
internal sealed record NewInvitation(string Email, Role Role, IReadOnlyList<string>? Permissions = null);

/// <summary>An invitation, as the API shows it.</summary>
internal sealed record InvitationBody(string Team, string TeamName, string Email, Role Role, IReadOnlyList<string> Permissions, DateTimeOffset ExpiresAt)
{
    /// <summary>From the row.</summary>
    public static InvitationBody From(Invitation invitation) => new InvitationBody(
        invitation.TeamId, invitation.TeamName, invitation.Email, invitation.Role, [.. Permission.Of(invitation.Role).Union(invitation.Extra)], invitation.ExpiresAt);
}

/// <summary>A page of invitations.</summary>
/// <param name="Invitations">The invitations.</param>
/// <param name="Next">If there are more: what to send as <c>after</c> for the next page.</param>
internal sealed record InvitationsBody(IReadOnlyList<InvitationBody> Invitations, string? Next)
{
    /// <summary>From the rows.</summary>
    public static InvitationsBody From(IReadOnlyList<Invitation> found, string? next) => new InvitationsBody([.. found.Select(InvitationBody.From)], next);
}
