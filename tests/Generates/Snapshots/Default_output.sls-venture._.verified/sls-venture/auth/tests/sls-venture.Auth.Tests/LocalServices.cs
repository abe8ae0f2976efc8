using System.Text;
using System.Text.Json.Nodes;
using sls_venture.Auth.Tests;
using sls_venture.Auth.Users;
using Microsoft.AspNetCore.Http;

[assembly: AssemblyFixture(typeof(LocalServices))]

namespace sls_venture.Auth.Tests;

/// <summary>
/// The user pool and the users table on this machine, started by the same scripts as <c>npm run local</c>, on free ports. The first
/// test that needs them starts them; without <c>npm install</c> it is skipped.
/// </summary>
public sealed class LocalServices : IAsyncLifetime
{
    private readonly Lazy<Task> start;
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"local-{Guid.NewGuid():n}");
    private readonly HttpClient http = new();
    private LocalScript? pool;
    private LocalScript? tables;
    private Loopback? trigger;

    public LocalServices() => start = new(StartNowAsync);

    /// <summary>Whom the pool's tokens name as their issuer.</summary>
    public string Issuer { get; private set; } = "";

    /// <summary>Where DynamoDB is.</summary>
    public string TableUrl { get; private set; } = "";

    /// <summary>Answers when the pool invokes the trigger: event in, event out.</summary>
    public Func<byte[], Task<byte[]>> Trigger { get; set; } = Task.FromResult;

    /// <summary>The settings under which the service uses these.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["TOKEN_ISSUERS"] = Issuer,
        ["TOKEN_CLIENTS"] = "local-client",
        ["TOKEN_USE"] = "access",
        ["USER_POOL_URL"] = Issuer.Length == 0 ? "" : new Uri(Issuer).GetLeftPart(UriPartial.Authority),
        ["USERS_TABLE"] = "users",
        ["AWS_ENDPOINT_URL_DYNAMODB"] = TableUrl,
    };

    /// <summary>Starts them, unless that is done; skips the test where they cannot be had.</summary>
    public Task StartAsync()
    {
        Deployment.SkipWithoutPackages();
        return start.Value;
    }

    /// <summary>The users table, opened anew.</summary>
    internal UsersTable OpenTable() => UsersTable.Open(Settings.GetValueOrDefault);

    /// <summary>Calls an operation of the user pool.</summary>
    public async Task<JsonNode> PoolAsync(string operation, JsonObject input)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Issuer).GetLeftPart(UriPartial.Authority))
        {
            Content = new StringContent(input.ToJsonString(), Encoding.UTF8, "application/x-amz-json-1.1"),
        };
        request.Headers.Add("X-Amz-Target", $"AWSCognitoIdentityProviderService.{operation}");
        using var response = await http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{operation}: {body}");
        return JsonNode.Parse(body)!;
    }

    /// <summary>Signs a user up and confirms them, which makes the pool invoke the trigger.</summary>
    /// <returns>The user's sub.</returns>
    public async Task<string> SignUpAsync(string email)
    {
        var user = await PoolAsync("SignUp", new JsonObject
        {
            ["ClientId"] = "local-client",
            ["Username"] = email,
            ["Password"] = "A-long-passw0rd",
            ["UserAttributes"] = new JsonArray(new JsonObject { ["Name"] = "email", ["Value"] = email }),
        });
        await PoolAsync("ConfirmSignUp", new JsonObject { ["ClientId"] = "local-client", ["Username"] = email, ["ConfirmationCode"] = "123456" });
        // Cognito does this when a user confirms.
        await PoolAsync("AdminUpdateUserAttributes", new JsonObject
        {
            ["UserPoolId"] = "local_users",
            ["Username"] = email,
            ["UserAttributes"] = new JsonArray(
                new JsonObject { ["Name"] = "email", ["Value"] = email }, new JsonObject { ["Name"] = "email_verified", ["Value"] = "true" }),
        });
        return (string)user["UserSub"]!;
    }

    /// <summary>Signs a user in.</summary>
    /// <returns>The tokens: <c>AccessToken</c>, <c>IdToken</c>, <c>RefreshToken</c>.</returns>
    public async Task<JsonNode> SignInAsync(string email)
    {
        var answer = await PoolAsync("InitiateAuth", new JsonObject
        {
            ["ClientId"] = "local-client",
            ["AuthFlow"] = "USER_PASSWORD_AUTH",
            ["AuthParameters"] = new JsonObject { ["USERNAME"] = email, ["PASSWORD"] = "A-long-passw0rd" },
        });
        return answer["AuthenticationResult"]!;
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (pool is not null)
            await pool.DisposeAsync();
        if (tables is not null)
            await tables.DisposeAsync();
        if (trigger is not null)
            await trigger.DisposeAsync();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private async Task StartNowAsync()
    {
        // The pool finds the trigger at Lambda's Invoke API.
        trigger = await Loopback.StartAsync(async context =>
        {
            Assert.Equal("/2015-03-31/functions/postConfirmation/invocations", context.Request.Path);
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            try
            {
                await context.Response.Body.WriteAsync(await Trigger(body.ToArray()));
            }
            catch (InvalidOperationException exception)
            {
                context.Response.Headers["X-Amz-Function-Error"] = "Unhandled";
                await context.Response.WriteAsync(new JsonObject { ["errorMessage"] = exception.Message }.ToJsonString());
            }
        });

        (pool, Issuer) = await LocalScript.StartUserPoolAsync(folder, trigger.Address);
        (tables, TableUrl) = await LocalScript.StartTablesAsync();
    }
}
