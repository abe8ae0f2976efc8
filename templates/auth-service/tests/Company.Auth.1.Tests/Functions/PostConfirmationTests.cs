using System.Text;
using System.Text.Json.Nodes;
using Amazon.Lambda.CognitoEvents;
using Company.Auth._1.Functions;
using Company.Auth._1.Users;

namespace Company.Auth._1.Tests.Functions;

/// <summary>The trigger's binary, invoked by a real pool, writing to a real table.</summary>
[Collection("pool")]
public sealed class PostConfirmationTests(LocalServices services) : IAsyncLifetime
{
    private RuntimeApi api = null!;
    private RunningFunction function = null!;

    public async ValueTask InitializeAsync()
    {
        await services.StartAsync();
        api = await RuntimeApi.StartAsync();
        function = RunningFunction.Start("postConfirmation", api, services.Settings);
    }

    public async ValueTask DisposeAsync()
    {
        if (api is null)
            return;
        await function.DisposeAsync();
        await api.DisposeAsync();
    }

    [Fact]
    public async Task Makes_a_row_when_a_user_confirms_and_leaves_it_alone_when_they_reset_their_password()
    {
        var events = new List<byte[]>();
        services.Trigger = async input =>
        {
            events.Add(input);
            return (await api.InvokeAsync("postConfirmation", input, TimeSpan.FromSeconds(5))).Payload;
        };
        using var users = services.OpenTable();
        var email = $"{Guid.NewGuid():n}@example.com";

        var sub = await services.SignUpAsync(email);
        var made = await users.FindUserAsync(sub, Cancel);
        Assert.Equal(email, made!.Email);

        await services.PoolAsync("ForgotPassword", new JsonObject { ["ClientId"] = "local-client", ["Username"] = email });
        await services.PoolAsync("ConfirmForgotPassword", new JsonObject
        {
            ["ClientId"] = "local-client",
            ["Username"] = email,
            ["ConfirmationCode"] = "123456",
            ["Password"] = "Another-passw0rd",
        });
        Assert.Equal(
            ["PostConfirmation_ConfirmSignUp", "PostConfirmation_ConfirmForgotPassword"],
            events.Select(input => (string)JsonNode.Parse(input)!["triggerSource"]!));
        Assert.Equivalent(made, await users.FindUserAsync(sub, Cancel), strict: true);

        for (var i = 0; i < 3; i++)
        {
            var answer = await api.InvokeAsync("postConfirmation", events[0]);
            Assert.Equal(events[0], answer.Payload);
        }

        Assert.Equivalent(made, await users.FindUserAsync(sub, Cancel), strict: true);
    }

    [Fact]
    public void Reads_the_event_by_the_type_of_the_events_package() =>
        Assert.NotNull(PostConfirmationJson.Default.GetTypeInfo(typeof(CognitoPostConfirmationEvent)));

    [Fact]
    public async Task Gives_the_event_back_as_it_came()
    {
        var input = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "events", "postConfirmation.json"), Cancel);

        var answer = await api.InvokeAsync("postConfirmation", input);

        Assert.Equal(input, answer.Payload);
    }

    [Theory]
    [InlineData("""{"triggerSource":"PostConfirmation_SomethingNew","request":{"userAttributes":{"sub":"nobody"}}}""")]
    [InlineData("""{}""")]
    public async Task Passes_on_what_it_does_not_know_and_says_so(string input)
    {
        var answer = await api.InvokeAsync("postConfirmation", input);

        Assert.Equal(input, answer.Text);
        await function.WaitForOutputAsync(line => line.Contains("Ignored", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fails_within_the_pools_five_seconds_when_the_table_does_not_answer()
    {
        await using var silent = await Loopback.StartAsync(http => Task.Delay(TimeSpan.FromMinutes(1), http.RequestAborted));
        using var users = UsersTable.Open(new Dictionary<string, string?>
        {
            ["USERS_TABLE"] = "users",
            ["AWS_ENDPOINT_URL_DYNAMODB"] = silent.Address.ToString(),
        }.GetValueOrDefault);
        using var input = new MemoryStream("""{"triggerSource":"PostConfirmation_ConfirmSignUp","request":{"userAttributes":{"sub":"s"}}}"""u8.ToArray());
        var started = DateTime.UtcNow;

        await Assert.ThrowsAnyAsync<Exception>(() => PostConfirmation.Handle(input, new LocalContext("postConfirmation"), users));

        Assert.InRange(DateTime.UtcNow - started, TimeSpan.Zero, TimeSpan.FromSeconds(4.8));
    }

    [Fact]
    public async Task Fails_on_an_event_that_names_no_user()
    {
        var answer = await api.InvokeAsync("postConfirmation", Encoding.UTF8.GetBytes("""{"triggerSource":"PostConfirmation_ConfirmSignUp","request":{"userAttributes":{}}}"""));

        Assert.Equal(nameof(InvalidDataException), answer.ErrorType);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
