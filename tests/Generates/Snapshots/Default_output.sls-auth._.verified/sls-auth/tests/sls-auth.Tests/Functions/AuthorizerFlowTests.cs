using System.Text.Json.Nodes;

namespace sls_auth.Tests.Functions;

/// <summary>From sign-up to the answer: a real pool and table, and the service's binaries as Lambda and API Gateway run them.</summary>
[Collection("pool")]
public sealed class AuthorizerFlowTests(LocalServices services) : IAsyncLifetime
{
    private static readonly string[] Functions = ["postConfirmation", "authorizer", "hello", "world", "me", "createTeam", "getTeam", "putTeamMember", "removeTeamMember", "changeTeam", "invitations", "appointAdmin"];

    private readonly List<RunningFunction> running = [];
    private RuntimeApi api = null!;

    public async ValueTask InitializeAsync()
    {
        await services.StartAsync();
        api = await RuntimeApi.StartAsync();
        var settings = new Dictionary<string, string?>(services.Settings) { ["USER_POOLS"] = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc" };
        running.AddRange(Functions.Select(function => RunningFunction.Start(function, api, settings)));
        services.Trigger = async input => (await api.InvokeAsync("postConfirmation", input)).Payload;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var function in running)
            await function.DisposeAsync();
        if (api is not null)
            await api.DisposeAsync();
    }

    [Fact]
    public async Task A_user_signs_up_signs_in_and_makes_a_team()
    {
        var (ada, bob) = ($"{Guid.NewGuid():n}@example.com", $"{Guid.NewGuid():n}@example.com");
        var (adaSub, bobSub) = (await services.SignUpAsync(ada), await services.SignUpAsync(bob));
        var (adaToken, bobToken) = ((string)(await services.SignInAsync(ada))["AccessToken"]!, (string)(await services.SignInAsync(bob))["AccessToken"]!);

        Assert.Equal(adaSub, (string)(await CallAsync(200, adaToken, "hello", "GET /hello"))["sub"]!);
        var me = await CallAsync(200, adaToken, "me", "GET /me");
        Assert.Equal((ada, adaSub), ((string)me["email"]!, (string)me["sub"]!));

        var team = (string)(await CallAsync(201, adaToken, "createTeam", "POST /teams", """{"name":"Engines"}"""))["id"]!;
        Assert.Equal("not_permitted", (string)(await CallAsync(403, bobToken, "getTeam", "GET /teams/{id}", null, ("id", team)))["code"]!);
        await CallAsync(404, adaToken, "putTeamMember", "PUT /teams/{id}/members/{sub}", """{"role":"member"}""", ("id", team), ("sub", bobSub));
        await CallAsync(201, adaToken, "invitations", "POST /teams/{id}/invitations", $$"""{"email":" {{bob.ToUpperInvariant()}} ","role":"member"}""", ("id", team));
        Assert.Single((await CallAsync(200, adaToken, "invitations", "GET /teams/{id}/invitations", null, ("id", team)))["invitations"]!.AsArray());
        Assert.Empty((await CallAsync(200, adaToken, "invitations", "GET /me/invitations"))["invitations"]!.AsArray());
        Assert.Equal(team, (string)(await CallAsync(200, bobToken, "invitations", "GET /me/invitations"))["invitations"]![0]!["team"]!);
        await CallAsync(404, adaToken, "invitations", "PUT /me/invitations/{id}", null, ("id", team));
        await CallAsync(204, bobToken, "invitations", "PUT /me/invitations/{id}", null, ("id", team));
        await CallAsync(403, bobToken, "putTeamMember", "PUT /teams/{id}/members/{sub}", """{"role":"admin"}""", ("id", team), ("sub", bobSub));
        await CallAsync(403, bobToken, "removeTeamMember", "DELETE /teams/{id}/members/{sub}", null, ("id", team), ("sub", adaSub));
        Assert.Equal(2, (await CallAsync(200, bobToken, "getTeam", "GET /teams/{id}", null, ("id", team)))["members"]!.AsArray().Count);
        Assert.Equal("last_admin", (string)(await CallAsync(409, adaToken, "removeTeamMember", "DELETE /teams/{id}/members/{sub}", null, ("id", team), ("sub", adaSub)))["code"]!);
        await CallAsync(204, adaToken, "changeTeam", "PUT /teams/{id}", """{"name":"Motors"}""", ("id", team));
        Assert.Equal("Motors", (string)(await CallAsync(200, bobToken, "getTeam", "GET /teams/{id}", null, ("id", team)))["name"]!);
        await CallAsync(403, bobToken, "changeTeam", "DELETE /teams/{id}", null, ("id", team));
        Assert.Equal("last_admin", (string)(await CallAsync(409, adaToken, "me", "DELETE /me"))["code"]!);
        Assert.Equal(team, (string)(await CallAsync(200, bobToken, "me", "GET /me/export"))["teams"]![0]!["id"]!);
        await CallAsync(204, bobToken, "removeTeamMember", "DELETE /teams/{id}/members/{sub}", null, ("id", team), ("sub", bobSub));
        await CallAsync(403, bobToken, "getTeam", "GET /teams/{id}", null, ("id", team));

        Assert.True((await api.InvokeAsync("appointAdmin", new JsonObject { ["team"] = team, ["sub"] = bobSub }.ToJsonString())).Succeeded);
        await CallAsync(204, adaToken, "me", "DELETE /me");
        Assert.Equal("user_deleted", (string)(await CallAsync(410, adaToken, "me", "GET /me"))["code"]!);
        Assert.Equal(bobSub, (string)Assert.Single((await CallAsync(200, bobToken, "getTeam", "GET /teams/{id}", null, ("id", team)))["members"]!.AsArray())!["sub"]!);
        await CallAsync(204, bobToken, "changeTeam", "DELETE /teams/{id}", null, ("id", team));
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => services.SignInAsync(ada));
    }

    [Fact]
    public async Task The_address_of_a_user_follows_the_pool()
    {
        var (email, other) = ($"{Guid.NewGuid():n}@example.com", $"{Guid.NewGuid():n}@example.com");
        services.Trigger = Task.FromResult;
        await services.SignUpAsync(email);
        var token = (string)(await services.SignInAsync(email))["AccessToken"]!;
        // The trigger made no row, as for a user that an administrator makes.
        Assert.Equal(email, (string)(await CallAsync(200, token, "me", "GET /me"))["email"]!);

        await services.PoolAsync("AdminUpdateUserAttributes", new JsonObject
        {
            ["UserPoolId"] = "local_users",
            ["Username"] = email,
            ["UserAttributes"] = new JsonArray(
                new JsonObject { ["Name"] = "email", ["Value"] = other }, new JsonObject { ["Name"] = "email_verified", ["Value"] = "true" }),
        });

        Assert.Equal(other, (string)(await CallAsync(200, token, "me", "GET /me"))["email"]!);
    }

    [Fact]
    public async Task A_user_comes_with_the_identity_pools_credentials()
    {
        var request = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "events", "hello.json"), TestContext.Current.CancellationToken))!;
        request["routeKey"] = "GET /world";
        request["requestContext"]!["authorizer"] = new JsonObject
        {
            ["iam"] = new JsonObject
            {
                ["cognitoIdentity"] = new JsonObject
                {
                    ["amr"] = new JsonArray("authenticated", "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc:CognitoSignIn:ada"),
                    ["identityId"] = "eu-west-1:1",
                },
            },
        };

        var response = JsonNode.Parse((await api.InvokeAsync("world", request.ToJsonString())).Text)!;

        Assert.Equal(200, (int)response["statusCode"]!);
        Assert.Equal("ada", (string)JsonNode.Parse((string)response["body"]!)!["sub"]!);
    }

    [Fact]
    public async Task The_authorizer_admits_no_id_token_and_none_of_another_pool()
    {
        var email = $"{Guid.NewGuid():n}@example.com";
        await services.SignUpAsync(email);
        var tokens = await services.SignInAsync(email);
        // The emulator signs for every pool with one key: the issuer alone tells its pools apart.
        await using var other = RunningFunction.Start("other", api, new Dictionary<string, string?>(services.Settings)
        {
            ["_HANDLER"] = "authorizer",
            ["TOKEN_ISSUERS"] = $"{services.Issuer}2 {services.Issuer}/.well-known/jwks.json",
        });

        Assert.True(await AdmitsAsync("authorizer", (string)tokens["AccessToken"]!));
        Assert.False(await AdmitsAsync("authorizer", (string)tokens["IdToken"]!));
        Assert.False(await AdmitsAsync("other", (string)tokens["AccessToken"]!));
        await other.WaitForOutputAsync(line => line.Contains("wrong_issuer", StringComparison.Ordinal));
    }

    private async Task<bool> AdmitsAsync(string function, string token) =>
        (bool)JsonNode.Parse((await api.InvokeAsync(function, AuthorizerEvent(token))).Text)!["isAuthorized"]!;

    private static string AuthorizerEvent(string token)
    {
        var request = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "events", "authorizer.json")))!;
        request["headers"]!["authorization"] = $"Bearer {token}";
        return request.ToJsonString();
    }

    /// <summary>What API Gateway does: asks the authorizer, hands its context on to the function, and gives the function's answer.</summary>
    private async Task<JsonNode> CallAsync(
        int status, string token, string function, string routeKey, string? body = null, params (string Name, string Value)[] parameters)
    {
        var decision = JsonNode.Parse((await api.InvokeAsync("authorizer", AuthorizerEvent(token))).Text)!;
        Assert.True((bool)decision["isAuthorized"]!);

        var request = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "events", "hello.json")))!;
        request["routeKey"] = routeKey;
        request["headers"]!["authorization"] = $"Bearer {token}";
        request[routeKey.Contains('{') ? "pathParameters" : "queryStringParameters"] =
            new JsonObject(parameters.Select(parameter => KeyValuePair.Create(parameter.Name, (JsonNode?)parameter.Value)));
        request["requestContext"]!["authorizer"]!["lambda"] = decision["context"]!.DeepClone();
        request["body"] = body;

        var answer = await api.InvokeAsync(function, request.ToJsonString());
        Assert.True(answer.Succeeded, answer.Text);
        var response = JsonNode.Parse(answer.Text)!;
        Assert.True(status == (int)response["statusCode"]!, answer.Text);
        Assert.Equal("Root=1-67891233-abcdef012345678912345678", (string)response["headers"]!["x-amzn-trace-id"]!);
        return JsonNode.Parse((string)response["body"]! is { Length: > 0 } text ? text : "{}")!;
    }
}
