using sls_auth.Users;
using Serverless;

namespace sls_auth.Tests.Users;

/// <summary>The rows in a real table, as dynalite keeps it.</summary>
public sealed class UsersTableTests(LocalServices services) : IAsyncLifetime
{
    private UsersTable users = null!;

    public async ValueTask InitializeAsync()
    {
        await services.StartAsync();
        users = services.OpenTable();
    }

    public ValueTask DisposeAsync()
    {
        users?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Makes_a_user_once_however_often_it_is_asked_to()
    {
        var sub = NewSub();

        var made = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => users.CreateUserAsync(sub, $"{i}@example.com", Cancel)));

        Assert.Single(made, true);
        var user = await users.FindUserAsync(sub, Cancel);
        await users.CreateUserAsync(sub, "later@example.com", Cancel);
        Assert.Equivalent(user, await users.FindUserAsync(sub, Cancel), strict: true);
    }

    [Fact]
    public async Task Makes_a_missing_row_at_the_first_request_and_adds_the_email_when_it_is_told()
    {
        var sub = NewSub();

        var healed = await users.FindOrCreateUserAsync(new Caller(sub), Cancel);
        await users.CreateUserAsync(sub, "ada@example.com", Cancel);
        var known = await users.FindUserAsync(sub, Cancel);

        Assert.Null(healed.Email);
        Assert.Equal(("ada@example.com", healed.CreatedAt), (known!.Email, known.CreatedAt));
    }

    [Fact]
    public async Task Tells_a_users_teams_and_permissions_by_one_query()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await users.SetMemberAsync(new Caller(ada), team.Id, bob, Role.Member, ["invoices:read"], Cancel);

        var user = await users.FindUserAsync(bob, Cancel);

        var membership = Assert.Single(user!.Memberships);
        Assert.Equal((team.Id, Role.Member), (membership.TeamId, membership.Role));
        Assert.True(membership.May("invoices:read") && membership.May(Permission.ReadTeam));
        Assert.False(membership.May(Permission.ManageTeam));
        Assert.True(await MayManageAsync(ada, team.Id));
    }

    [Fact]
    public async Task Tells_a_hundred_teams_of_a_user_whom_others_put_into_more()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        foreach (var made in Enumerable.Range(0, 101).Select(_ => users.CreateTeamAsync("Engines", ada, null, Cancel)).ToList())
            await users.SetMemberAsync(new Caller(ada), (await made).Id, bob, Role.Member, [], Cancel);

        Assert.Equal(100, (await users.FindUserAsync(bob, Cancel))!.Memberships.Count);
    }

    [Fact]
    public async Task Tells_a_teams_members()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await users.SetMemberAsync(new Caller(ada), team.Id, bob, Role.Member, [], Cancel);

        var found = await users.FindTeamAsync(team.Id, Cancel);

        Assert.Equal("Engines", found!.Name);
        Assert.Equal(new[] { ada, bob }.Order(), found.Members.Select(member => member.Sub).Order());
        Assert.Null(await users.FindTeamAsync("none", Cancel));
    }

    [Fact]
    public async Task Lets_no_one_manage_a_team_they_do_not_manage()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);

        Assert.Equal(ada, (await users.RequirePermissionAsync(new Caller(ada), team.Id, Permission.ManageTeam, Cancel)).Sub);
        var refused = await Assert.ThrowsAsync<ProblemException>(() => users.RequirePermissionAsync(new Caller(bob), team.Id, Permission.ReadTeam, Cancel));
        Assert.Equal((403, "not_permitted"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task Makes_the_missing_row_of_one_who_is_refused_too()
    {
        var (caller, other) = (new Caller(NewSub()), new Caller(NewSub()));

        Assert.Equal("not_permitted", await RefusedAsync(() => users.RequirePermissionAsync(caller, "none", Permission.ReadTeam, Cancel)));
        Assert.Equal("not_permitted", await RefusedAsync(() => users.RemoveMemberAsync(other, "none", other.Sub, Cancel)));

        Assert.NotNull(await users.FindUserAsync(caller.Sub, Cancel));
        Assert.NotNull(await users.FindUserAsync(other.Sub, Cancel));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lets_no_one_change_a_team_they_do_not_manage(bool isMember)
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        if (isMember)
            await users.SetMemberAsync(new Caller(ada), team.Id, bob, Role.Member, [], Cancel);

        Assert.Equal("not_permitted", await RefusedAsync(() => users.SetMemberAsync(new Caller(bob), team.Id, bob, Role.Admin, [], Cancel)));
        Assert.Equal("not_permitted", await RefusedAsync(() => users.RemoveMemberAsync(new Caller(bob), team.Id, ada, Cancel)));
        Assert.Equal(isMember ? null : "not_permitted", await RefusedAsync(() => users.RemoveMemberAsync(new Caller(bob), team.Id, bob, Cancel)));
    }

    [Fact]
    public async Task Does_not_let_an_admin_back_in_whose_removal_was_cut_off()
    {
        var (ada, bob, eve) = (await NewUserAsync(), await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await users.SetMemberAsync(new Caller(ada), team.Id, bob, Role.Admin, [], Cancel);
        await users.SetMemberAsync(new Caller(ada), team.Id, eve, Role.Member, [], Cancel);
        await using var faulty = await FaultyTable.OpenAsync(services, bob);

        await Assert.ThrowsAsync<DependencyException>(() => faulty.Table.RemoveMemberAsync(new Caller(ada), team.Id, bob, Cancel));
        Assert.True(await MayManageAsync(bob, team.Id));

        Assert.Equal("not_permitted", await RefusedAsync(() => users.SetMemberAsync(new Caller(bob), team.Id, bob, Role.Admin, [], Cancel)));
        Assert.False(await MayManageAsync(bob, team.Id));
    }

    [Fact]
    public async Task Lets_a_member_leave_by_the_same_call_again_when_the_first_was_cut_off()
    {
        var (ada, bob, eve) = (await NewUserAsync(), await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await users.SetMemberAsync(new Caller(ada), team.Id, bob, Role.Member, [], Cancel);
        await users.SetMemberAsync(new Caller(ada), team.Id, eve, Role.Member, [], Cancel);
        await using var faulty = await FaultyTable.OpenAsync(services, bob);

        await Assert.ThrowsAsync<DependencyException>(() => faulty.Table.RemoveMemberAsync(new Caller(bob), team.Id, bob, Cancel));
        await users.RemoveMemberAsync(new Caller(bob), team.Id, bob, Cancel);

        Assert.Empty((await users.FindUserAsync(bob, Cancel))!.Memberships);
    }

    [Fact]
    public async Task Makes_a_team_whose_first_reply_was_lost()
    {
        var ada = await NewUserAsync();
        await using var faulty = await FaultyTable.OpenAsync(services, "nobody");
        faulty.LosesTeamReply = true;

        var team = await faulty.Table.CreateTeamAsync("Engines", ada, null, Cancel);

        Assert.False(faulty.LosesTeamReply);
        Assert.Equal(team.Id, Assert.Single((await users.FindUserAsync(ada, Cancel))!.Memberships).TeamId);
    }

    [Fact]
    public async Task Finishes_a_team_by_the_same_call_again_and_makes_no_second_one()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        await using var faulty = await FaultyTable.OpenAsync(services, ada);

        await Assert.ThrowsAsync<DependencyException>(() => faulty.Table.CreateTeamAsync("Engines", ada, "key", Cancel));
        Assert.Empty((await users.FindUserAsync(ada, Cancel))!.Memberships);
        var team = await users.CreateTeamAsync("Engines", ada, "key", Cancel);
        var again = await users.CreateTeamAsync("Engines", ada, "key", Cancel);

        Assert.Equal(team.Id, Assert.Single((await users.FindUserAsync(ada, Cancel))!.Memberships).TeamId);
        Assert.Equivalent(team, again, strict: true);
        Assert.NotEqual(team.Id, (await users.CreateTeamAsync("Engines", bob, "key", Cancel)).Id);
        Assert.NotEqual(team.Id, (await users.CreateTeamAsync("Engines", ada, "other", Cancel)).Id);
        Assert.Equal("idempotency_key_used", await RefusedAsync(() => users.CreateTeamAsync("Brakes", ada, "key", Cancel)));
    }

    [Fact]
    public async Task Does_not_let_the_last_admin_go()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await users.SetMemberAsync(new Caller(ada), team.Id, bob, Role.Member, [], Cancel);

        foreach (var change in new Func<Task>[]
        {
            () => users.RemoveMemberAsync(new Caller(ada), team.Id, ada, Cancel),
            () => users.SetMemberAsync(new Caller(ada), team.Id, ada, Role.Member, [], Cancel),
        })
        {
            var refused = await Assert.ThrowsAsync<ProblemException>(change);
            Assert.Equal((409, "last_admin"), (refused.Status, refused.Code));
        }

        await users.SetMemberAsync(new Caller(ada), team.Id, bob, Role.Admin, [], Cancel);
        await users.RemoveMemberAsync(new Caller(ada), team.Id, ada, Cancel);
        Assert.Empty((await users.FindUserAsync(ada, Cancel))!.Memberships);
    }

    [Fact]
    public async Task Leaves_one_admin_when_all_of_them_remove_each_other_at_once()
    {
        var admins = new List<string>();
        for (var i = 0; i < 6; i++)
            admins.Add(await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", admins[0], null, Cancel);
        foreach (var admin in admins.Skip(1))
            await users.SetMemberAsync(new Caller(admins[0]), team.Id, admin, Role.Admin, [], Cancel);

        var refused = await Task.WhenAll(admins.Select(admin => RefusedAsync(() => users.RemoveMemberAsync(new Caller(admin), team.Id, admin, Cancel))));

        Assert.Equal(["last_admin"], refused.Where(code => code is not null));
        var left = Assert.Single((await users.FindTeamAsync(team.Id, Cancel))!.Members);
        Assert.Equal(Role.Admin, left.Role);
        Assert.True(await MayManageAsync(left.Sub, team.Id));
    }

    [Fact]
    public async Task Loses_no_change_of_two_callers_at_once()
    {
        var ada = await NewUserAsync();
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        var members = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => NewUserAsync()));

        await Task.WhenAll(members.Select(member => users.SetMemberAsync(new Caller(ada), team.Id, member, Role.Member, [], Cancel)));

        Assert.Equal(members.Append(ada).Order(), (await users.FindTeamAsync(team.Id, Cancel))!.Members.Select(member => member.Sub).Order());
    }

    [Fact]
    public async Task Brings_a_member_back_who_had_left()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await users.SetMemberAsync(new Caller(ada), team.Id, bob, Role.Member, [], Cancel);
        await users.RemoveMemberAsync(new Caller(ada), team.Id, bob, Cancel);
        await users.RemoveMemberAsync(new Caller(ada), team.Id, bob, Cancel);
        Assert.Single((await users.FindTeamAsync(team.Id, Cancel))!.Members);

        await users.SetMemberAsync(new Caller(ada), team.Id, bob, Role.Admin, [], Cancel);

        Assert.True(await MayManageAsync(bob, team.Id));
    }

    [Fact]
    public async Task Finishes_a_change_that_was_cut_off_and_lets_no_late_write_undo_a_later_one()
    {
        var (ada, bob, eve) = (await NewUserAsync(), await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await using var faulty = await FaultyTable.OpenAsync(services, bob);

        await Assert.ThrowsAsync<DependencyException>(() => faulty.Table.SetMemberAsync(new Caller(ada), team.Id, bob, Role.Member, [], Cancel));
        Assert.Empty((await users.FindUserAsync(bob, Cancel))!.Memberships);

        await users.SetMemberAsync(new Caller(ada), team.Id, eve, Role.Member, [], Cancel);
        Assert.Single((await users.FindUserAsync(bob, Cancel))!.Memberships);

        await users.RemoveMemberAsync(new Caller(ada), team.Id, bob, Cancel);
        await faulty.SendHeldBackAsync();
        Assert.Empty((await users.FindUserAsync(bob, Cancel))!.Memberships);
    }

    [Fact]
    public async Task Says_which_user_there_is_not_and_of_a_team_only_that_it_is_not_the_callers()
    {
        var ada = await NewUserAsync();
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);

        Assert.Equal("no_such_user", await RefusedAsync(() => users.SetMemberAsync(new Caller(ada), team.Id, "nobody", Role.Member, [], Cancel)));
        Assert.Equal("not_permitted", await RefusedAsync(() => users.SetMemberAsync(new Caller(ada), "none", ada, Role.Member, [], Cancel)));
        Assert.Equal("not_permitted", await RefusedAsync(() => users.RemoveMemberAsync(new Caller(ada), "none", ada, Cancel)));
    }

    [Fact]
    public async Task Hands_the_trace_on_to_the_table()
    {
        await using var between = await FaultyTable.OpenAsync(services, "nobody");
        Trace.Current = "Root=1-67891233-abcdef012345678912345678";

        await between.Table.FindUserAsync("anyone", Cancel);

        Assert.Equal(Trace.Current, between.LastTrace);
    }

    [Fact]
    public async Task Names_the_table_when_it_does_not_answer()
    {
        using var down = UsersTable.Open(new Dictionary<string, string?>
        {
            ["USERS_TABLE"] = "users",
            ["AWS_ENDPOINT_URL_DYNAMODB"] = "http://127.0.0.1:9",
        }.GetValueOrDefault);

        var exception = await Assert.ThrowsAsync<DependencyException>(() => down.FindUserAsync("anyone", Cancel));

        Assert.Equal("The users table", exception.Dependency);
        Assert.False(await down.IsReadyAsync(Cancel));
        Assert.True(await users.IsReadyAsync(Cancel));
    }

    [Fact]
    public async Task Gives_up_on_a_table_that_says_nothing()
    {
        await using var silent = await Loopback.StartAsync(http => Task.Delay(TimeSpan.FromMinutes(1), http.RequestAborted));
        using var table = UsersTable.Open(new Dictionary<string, string?>
        {
            ["USERS_TABLE"] = "users",
            ["AWS_ENDPOINT_URL_DYNAMODB"] = silent.Address.ToString(),
        }.GetValueOrDefault);
        var started = DateTime.UtcNow;

        await Assert.ThrowsAsync<DependencyException>(() => table.FindUserAsync("anyone", Cancel));

        // Before Lambda's own ten seconds are over, also on a machine that has much to do.
        Assert.InRange(DateTime.UtcNow - started, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(9));
    }

    [Fact]
    public void Asks_for_a_region_where_no_endpoint_is_named()
    {
        var settings = new Dictionary<string, string?> { ["USERS_TABLE"] = "users" };

        var exception = Assert.Throws<SettingException>(() => UsersTable.Open(settings.GetValueOrDefault));
        Assert.StartsWith("The setting AWS_REGION is missing; expected ", exception.Message, StringComparison.Ordinal);

        settings["AWS_REGION"] = "ap-southeast-2";
        UsersTable.Open(settings.GetValueOrDefault).Dispose();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string NewSub() => Guid.NewGuid().ToString();

    private async Task<string> NewUserAsync()
    {
        var sub = NewSub();
        await users.CreateUserAsync(sub, $"{sub}@example.com", Cancel);
        return sub;
    }

    private async Task<bool> MayManageAsync(string sub, string team) =>
        (await users.FindUserAsync(sub, Cancel))!.Memberships.Any(membership => membership.TeamId == team && membership.May(Permission.ManageTeam));

    private static async Task<string?> RefusedAsync(Func<Task> change)
    {
        try
        {
            await change();
            return null;
        }
        catch (ProblemException exception)
        {
            return exception.Code;
        }
    }
}
