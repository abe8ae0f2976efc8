using sls_venture.Auth.Users;
using Serverless;

namespace sls_venture.Auth.Functions;

/// <summary><c>GET /teams/{id}?after=&lt;member&gt;</c>: a team and a page of its members, for those in it.</summary>
internal static class GetTeam
{
    /// <summary>Answers with the team.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, UsersTable users)
    {
        var id = request.PathParameter("id");
        await users.RequirePermissionAsync(request.RequireCaller(), id, Permission.ReadTeam, request.Cancelled);
        var team = await users.FindTeamAsync(id, request.Cancelled, request.After())
            ?? throw new ProblemException(404, "no_such_team", "There is no such team.");
        return ApiResponse.Json(200, TeamBody.From(team), ApiJson.Default.TeamBody);
    }
}

/// <summary>A team, as the API shows it.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Name">What its members call it.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Members">A page of its members.</param>
/// <param name="Next">If there are more: what to send as <c>after</c> for the next page.</param>
internal sealed record TeamBody(string Id, string Name, DateTimeOffset CreatedAt, IReadOnlyList<MemberBody> Members, string? Next)
{
    /// <summary>From the rows.</summary>
    public static TeamBody From(Team team) =>
        new TeamBody(
            team.Id, team.Name, team.CreatedAt, [.. team.Members.Select(member => new MemberBody(member.Sub, member.Role, member.Permissions))], team.Next);
}

/// <summary>A member of a team, as the API shows one.</summary>
internal sealed record MemberBody(string Sub, Role Role, IReadOnlyList<string> Permissions);
