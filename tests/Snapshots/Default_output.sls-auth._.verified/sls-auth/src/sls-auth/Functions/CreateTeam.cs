using sls_auth.Users;
using Serverless;

namespace sls_auth.Functions;

/// <summary><c>POST /teams</c>: makes a team, of which the caller is the admin.</summary>
internal static class CreateTeam
{
    /// <summary>Answers 201 with the team.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, UsersTable users)
    {
        var name = request.ReadJson(ApiJson.Default.NewTeam, "{\"name\": \"<1 to 100 characters>\"}").Name.Trim();
        if (name.Length is 0 or > 100)
            throw new ProblemException(400, "invalid_name", $"The team's name has {name.Length} characters; expected are 1 to 100.");

        var user = await users.FindOrCreateUserAsync(request.RequireCaller(), request.Cancelled);
        var team = await users.CreateTeamAsync(name, user.Sub, request.Cancelled);
        return ApiResponse.Json(201, TeamBody.From(team), ApiJson.Default.TeamBody);
    }
}

/// <summary>What is asked for.</summary>
internal sealed record NewTeam(string Name);
