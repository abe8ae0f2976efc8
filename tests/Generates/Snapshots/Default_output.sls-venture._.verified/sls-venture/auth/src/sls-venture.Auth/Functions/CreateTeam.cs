using sls_venture.Auth.Users;
using Serverless;

namespace sls_venture.Auth.Functions;

/// <summary><c>POST /teams</c>: makes a team, of which the caller is the admin.</summary>
internal static class CreateTeam
{
    private const int MaxKeyLength = 128;

    /// <summary>Answers 201 with the team. A call that is repeated with the same Idempotency-Key gets the same team, as it is now.</summary>
    public static async Task<ApiResponse> Handle(ApiRequest request, UsersTable users)
    {
        var name = NewTeam.ReadName(request);
        var key = request.Headers.GetValueOrDefault("Idempotency-Key");
        if (key is { Length: 0 or > MaxKeyLength })
            throw new ProblemException(400, "invalid_idempotency_key", $"The Idempotency-Key has {key.Length} characters. It must have 1 to {MaxKeyLength}.");

        var user = await users.FindOrCreateUserAsync(request.RequireCaller(), request.Cancelled);
        var team = await users.CreateTeamAsync(name, user.Sub, key, request.Cancelled);
        return ApiResponse.Json(201, TeamBody.From(team), ApiJson.Default.TeamBody);
    }
}

/// <summary>The body: a team's name.</summary>
internal sealed record NewTeam(string Name)
{
    /// <summary>Reads the name from a request.</summary>
    /// <exception cref="ProblemException">400: it is empty or too long.</exception>
    public static string ReadName(ApiRequest request)
    {
        var name = request.ReadJson(ApiJson.Default.NewTeam, "{\"name\": \"<1 to 100 characters>\"}").Name.Trim();
        return name.Length is > 0 and <= 100
            ? name
            : throw new ProblemException(400, "invalid_name", $"The team's name has {name.Length} characters. It must have 1 to 100.");
    }
}
