using sls_auth.Users;
using Serverless;

namespace sls_auth.Functions;

/// <summary><c>POST /teams</c>: makes a team, of which the caller is the admin.</summary>
internal static class CreateTeam
{
    private const int MaxKeyLength = 128;

    /// <summary>Answers 201 with the team; to a call repeated under the same Idempotency-Key with the same one, as it was made.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, UsersTable users)
    {
        var name = request.ReadJson(ApiJson.Default.NewTeam, "{\"name\": \"<1 to 100 characters>\"}").Name.Trim();
        if (name.Length is 0 or > 100)
            throw new ProblemException(400, "invalid_name", $"The team's name has {name.Length} characters; expected are 1 to 100.");
        var key = request.Headers.GetValueOrDefault("Idempotency-Key");
        if (key is { Length: 0 or > MaxKeyLength })
            throw new ProblemException(400, "invalid_idempotency_key", $"The Idempotency-Key has {key.Length} characters; expected are 1 to {MaxKeyLength}.");

        var user = await users.FindOrCreateUserAsync(request.RequireCaller(), request.Cancelled);
        var team = await users.CreateTeamAsync(name, user.Sub, key, request.Cancelled);
        return ApiResponse.Json(201, TeamBody.From(team), ApiJson.Default.TeamBody);
    }
}

/// <summary>What is asked for.</summary>
internal sealed record NewTeam(string Name);
