using Company.Auth._1.Functions;
using Company.Auth._1.Users;

namespace Company.Auth._1.Tests.Users;

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
        await users.CreateUserAsync(sub, null, Cancel);
        Assert.Equivalent(user, await users.FindUserAsync(sub, Cancel), strict: true);
        await users.CreateUserAsync(sub, "later@example.com", Cancel);
        Assert.Equivalent(user! with { Email = "later@example.com" }, await users.FindUserAsync(sub, Cancel), strict: true);
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
        await users.JoinAsync(team.Id, bob, Role.Member, ["invoices:read"], Cancel);

        var user = await users.FindUserAsync(bob, Cancel);

        var membership = Assert.Single(user!.Memberships);
        Assert.Equal((team.Id, Role.Member), (membership.TeamId, membership.Role));
        Assert.True(membership.May("invoices:read") && membership.May(Permission.ReadTeam));
        Assert.False(membership.May(Permission.ManageTeam));
        Assert.True(await MayManageAsync(ada, team.Id));
    }

    [Fact]
    public async Task Pages_through_all_teams_of_a_user_and_all_members_of_a_team()
    {
        var bob = await NewUserAsync();
        var teams = new List<string>();
        foreach (var admin in new[] { await NewUserAsync(), await NewUserAsync() })
        {
            for (var i = 0; i < 55; i++)
                teams.Add((await users.CreateTeamAsync("Engines", admin, null, Cancel)).Id);
        }

        foreach (var team in teams)
            await users.JoinAsync(team, bob, Role.Member, [], Cancel);
        for (var i = 0; i < 105; i++)
            await users.JoinAsync(teams[0], await NewUserAsync(), Role.Member, [], Cancel);

        var (seen, sizes) = (new List<string>(), new List<int>());
        for (string? after = ""; after is not null;)
        {
            var page = await users.FindUserAsync(bob, Cancel, after.Length == 0 ? null : after);
            seen.AddRange(page!.Memberships.Select(membership => membership.TeamId));
            sizes.Add(page.Memberships.Count);
            after = page.Next;
        }

        Assert.Equal(teams.Order(StringComparer.Ordinal), seen);
        Assert.Equal([100, 10], sizes);

        var first = await users.FindTeamAsync(teams[0], Cancel);
        var second = await users.FindTeamAsync(teams[0], Cancel, first!.Next);
        Assert.Equal((100, 7), (first.Members.Count, second!.Members.Count));
        Assert.Null(second.Next);
        Assert.Empty(first.Members.Select(member => member.Sub).Intersect(second.Members.Select(member => member.Sub)));
    }

    [Fact]
    public async Task Makes_no_more_than_a_hundred_teams_for_one_admin()
    {
        var ada = await NewUserAsync();
        for (var i = 0; i < UsersTable.MaxTeamsOfAdmin; i++)
            await users.CreateTeamAsync("Engines", ada, $"{i}", Cancel);

        Assert.Equal("too_many_teams", await RefusedAsync(() => users.CreateTeamAsync("Engines", ada, null, Cancel)));
        Assert.Equal(100, (await users.FindUserAsync(ada, Cancel))!.Memberships.Count);
        // One that was made is no new one.
        await users.CreateTeamAsync("Engines", ada, "7", Cancel);
    }

    [Fact]
    public async Task Tells_a_teams_members()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await users.JoinAsync(team.Id, bob, Role.Member, [], Cancel);

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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lets_no_one_change_a_team_they_do_not_manage(bool isMember)
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        if (isMember)
            await users.JoinAsync(team.Id, bob, Role.Member, [], Cancel);

        Assert.Equal("not_permitted", await RefusedAsync(() => users.SetMemberAsync(new Caller(bob), team.Id, bob, Role.Admin, [], Cancel)));
        Assert.Equal("not_permitted", await RefusedAsync(() => users.RemoveMemberAsync(new Caller(bob), team.Id, ada, Cancel)));
        Assert.Equal(isMember ? null : "not_permitted", await RefusedAsync(() => users.RemoveMemberAsync(new Caller(bob), team.Id, bob, Cancel)));
    }

    [Fact]
    public async Task Does_not_let_an_admin_back_in_whose_removal_was_cut_off()
    {
        var (ada, bob, eve) = (await NewUserAsync(), await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await users.JoinAsync(team.Id, bob, Role.Admin, [], Cancel);
        await users.JoinAsync(team.Id, eve, Role.Member, [], Cancel);
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
        await users.JoinAsync(team.Id, bob, Role.Member, [], Cancel);
        await users.JoinAsync(team.Id, eve, Role.Member, [], Cancel);
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

        // What is true now: another name, another role, and no team of theirs any more.
        await users.JoinAsync(team.Id, bob, Role.Admin, [], Cancel);
        await users.RenameTeamAsync(new Caller(ada), team.Id, "Motors", Cancel);
        await users.SetMemberAsync(new Caller(bob), team.Id, ada, Role.Member, [], Cancel);
        again = await users.CreateTeamAsync("Engines", ada, "key", Cancel);
        Assert.Equal(("Motors", Role.Member), (again.Name, Assert.Single(again.Members).Role));
        await users.RemoveMemberAsync(new Caller(ada), team.Id, ada, Cancel);
        Assert.Equal("team_left", await RefusedAsync(() => users.CreateTeamAsync("Engines", ada, "key", Cancel)));
        Assert.DoesNotContain((await users.FindUserAsync(ada, Cancel))!.Memberships, membership => membership.TeamId == team.Id);
    }

    [Fact]
    public async Task Does_not_let_the_last_admin_go()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await users.JoinAsync(team.Id, bob, Role.Member, [], Cancel);

        foreach (var change in new Func<Task>[]
        {
            () => users.RemoveMemberAsync(new Caller(ada), team.Id, ada, Cancel),
            () => users.SetMemberAsync(new Caller(ada), team.Id, ada, Role.Member, [], Cancel),
        })
        {
            var refused = await Assert.ThrowsAsync<ProblemException>(change);
            Assert.Equal((409, "last_admin"), (refused.Status, refused.Code));
        }

        await users.JoinAsync(team.Id, bob, Role.Admin, [], Cancel);
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
            await users.JoinAsync(team.Id, admin, Role.Admin, [], Cancel);

        var refused = await Task.WhenAll(admins.Select(admin => UntilDoneAsync(() => users.RemoveMemberAsync(new Caller(admin), team.Id, admin, Cancel))));

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

        await Task.WhenAll(members.Select(member => UntilDoneAsync(() => users.JoinAsync(team.Id, member, Role.Member, [], Cancel))));

        Assert.Equal(members.Append(ada).Order(), (await users.FindTeamAsync(team.Id, Cancel))!.Members.Select(member => member.Sub).Order());
    }

    [Fact]
    public async Task Answers_soon_when_a_hundred_join_at_once_and_loses_none_that_it_says_is_done()
    {
        var ada = await NewUserAsync();
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        var people = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => NewUserAsync()));

        var answers = await Task.WhenAll(people.Select(async person =>
        {
            var started = DateTime.UtcNow;
            return (Person: person, Refused: await AnswerAsync(() => users.JoinAsync(team.Id, person, Role.Member, [], Cancel)), Took: DateTime.UtcNow - started);
        }));

        // One second of trying, the timeouts of one call, and what a hundred calls at once wait for on a small machine.
        Assert.All(answers, answer => Assert.InRange(answer.Took, TimeSpan.Zero, TimeSpan.FromSeconds(10)));
        Assert.All(answers, answer => Assert.True(answer.Refused is null or "team_busy" or Unavailable, answer.Refused));
        foreach (var refused in answers.Where(answer => answer.Refused is not null))
            Assert.Null(await UntilDoneAsync(() => users.JoinAsync(team.Id, refused.Person, Role.Member, [], Cancel)));
        var members = new List<string>();
        for (var page = await users.FindTeamAsync(team.Id, Cancel); page is not null; page = page.Next is null ? null : await users.FindTeamAsync(team.Id, Cancel, page.Next))
            members.AddRange(page.Members.Select(member => member.Sub));
        Assert.Equal(people.Append(ada).Order(StringComparer.Ordinal), members);
    }

    [Fact]
    public async Task Gives_up_within_seconds_on_a_team_that_others_keep_changing()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await using var faulty = await FaultyTable.OpenAsync(services, "nobody");
        faulty.IsAlwaysLate = true;

        foreach (var change in new[]
        {
            () => faulty.Table.JoinAsync(team.Id, bob, Role.Member, [], Cancel), () => faulty.Table.DeleteTeamAsync(new Caller(ada), team.Id, Cancel),
        })
        {
            var started = System.Diagnostics.Stopwatch.StartNew();
            Assert.Equal("team_busy", await RefusedAsync(change));
            // One second of trying, and the call that runs when it is over.
            Assert.InRange(started.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(4));
        }
    }

    [Fact]
    public async Task Does_not_bring_back_a_member_whose_rows_were_deleted()
    {
        var (ada, bob, eve) = (await NewUserAsync(), await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await users.JoinAsync(team.Id, bob, Role.Member, [], Cancel);
        using (var client = DynamoDb.Connect(services.Settings.GetValueOrDefault))
        {
            foreach (var sortKey in new[] { "PROFILE", $"TEAM#{team.Id}" })
                await client.DeleteItemAsync("users", new() { ["pk"] = new($"USER#{bob}"), ["sk"] = new(sortKey) }, Cancel);
        }

        await users.JoinAsync(team.Id, eve, Role.Member, [], Cancel);

        Assert.Null(await users.FindUserAsync(bob, Cancel));
        Assert.Equal(new[] { ada, eve }.Order(StringComparer.Ordinal), (await users.FindTeamAsync(team.Id, Cancel))!.Members.Select(member => member.Sub));
    }

    [Fact]
    public async Task Makes_a_member_of_no_one_who_has_not_accepted()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var (team, email) = ((await users.CreateTeamAsync("Engines", ada, null, Cancel)).Id, $"{bob}@example.com");

        Assert.Equal("not_permitted", await RefusedAsync(() => users.InviteAsync(new Caller(bob), team, email, Role.Admin, [], Cancel)));
        Assert.Equal("no_such_invitation", await RefusedAsync(() => users.AcceptAsync(new Caller(bob), email, team, Cancel)));
        await users.InviteAsync(new Caller(ada), team, email, Role.Member, ["invoices:read"], Cancel);
        Assert.Empty((await users.FindUserAsync(bob, Cancel))!.Memberships);
        Assert.Equal("Engines", Assert.Single((await users.InvitationsToAsync(email, null, Cancel)).Items).TeamName);
        Assert.Equal(email, Assert.Single(await users.InvitationsAsync(new Caller(ada), team, Cancel)).Email);
        Assert.Single((await users.FindTeamAsync(team, Cancel))!.Members);

        await users.AcceptAsync(new Caller(bob), email, team, Cancel);

        Assert.True(Assert.Single((await users.FindUserAsync(bob, Cancel))!.Memberships).May("invoices:read"));
        Assert.Empty((await users.InvitationsToAsync(email, null, Cancel)).Items);
        Assert.Equal("no_such_invitation", await RefusedAsync(() => users.AcceptAsync(new Caller(bob), email, team, Cancel)));
    }

    [Fact]
    public async Task Lets_an_invitation_be_withdrawn_or_declined()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var (team, email) = ((await users.CreateTeamAsync("Engines", ada, null, Cancel)).Id, $"{bob}@example.com");

        await users.InviteAsync(new Caller(ada), team, email, Role.Member, [], Cancel);
        Assert.Equal("not_permitted", await RefusedAsync(() => users.WithdrawAsync(new Caller(bob), team, email, Cancel)));
        await users.WithdrawAsync(new Caller(ada), team, email, Cancel);
        Assert.Equal("no_such_invitation", await RefusedAsync(() => users.AcceptAsync(new Caller(bob), email, team, Cancel)));

        await users.InviteAsync(new Caller(ada), team, email, Role.Member, [], Cancel);
        await users.DeclineAsync(email, team, Cancel);
        Assert.Empty(await users.InvitationsAsync(new Caller(ada), team, Cancel));
    }

    [Fact]
    public async Task Keeps_no_more_than_a_hundred_open_invitations_of_a_team()
    {
        var ada = await NewUserAsync();
        var team = (await users.CreateTeamAsync("Engines", ada, null, Cancel)).Id;
        for (var i = 0; i < UsersTable.MaxInvitations; i++)
            await users.InviteAsync(new Caller(ada), team, $"{i}@{team}.example", Role.Member, [], Cancel);

        Assert.Equal("too_many_invitations", await RefusedAsync(() => users.InviteAsync(new Caller(ada), team, $"more@{team}.example", Role.Member, [], Cancel)));
        await users.InviteAsync(new Caller(ada), team, $"7@{team}.example", Role.Admin, [], Cancel);
    }

    [Fact]
    public async Task Deletes_a_team_with_its_members_and_invitations()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, "key", Cancel);
        await users.JoinAsync(team.Id, bob, Role.Member, [], Cancel);
        await users.InviteAsync(new Caller(ada), team.Id, $"{team.Id}@example.com", Role.Member, [], Cancel);
        Assert.Equal("not_permitted", await RefusedAsync(() => users.DeleteTeamAsync(new Caller(bob), team.Id, Cancel)));

        await users.DeleteTeamAsync(new Caller(ada), team.Id, Cancel);

        Assert.Empty((await users.FindUserAsync(ada, Cancel))!.Memberships);
        Assert.Empty((await users.FindUserAsync(bob, Cancel))!.Memberships);
        Assert.Empty((await users.InvitationsToAsync($"{team.Id}@example.com", null, Cancel)).Items);
        Assert.Null(await users.FindTeamAsync(team.Id, Cancel));
        Assert.Equal("no_such_team", await RefusedAsync(() => users.JoinAsync(team.Id, bob, Role.Member, [], Cancel)));
        Assert.Equal("team_left", await RefusedAsync(() => users.CreateTeamAsync("Engines", ada, "key", Cancel)));
    }

    [Fact]
    public async Task Finishes_the_deletion_of_a_team_that_was_cut_off()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await users.JoinAsync(team.Id, bob, Role.Member, [], Cancel);
        await using var faulty = await FaultyTable.OpenAsync(services, bob);

        await Assert.ThrowsAsync<DependencyException>(() => faulty.Table.DeleteTeamAsync(new Caller(ada), team.Id, Cancel));
        await users.DeleteTeamAsync(new Caller(ada), team.Id, Cancel);

        Assert.Empty((await users.FindUserAsync(ada, Cancel))!.Memberships);
        Assert.Empty((await users.FindUserAsync(bob, Cancel))!.Memberships);
    }

    [Fact]
    public async Task Deletes_a_user_once_no_team_needs_them_and_does_not_make_them_again()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        var other = await users.CreateTeamAsync("Brakes", bob, null, Cancel);
        await users.JoinAsync(team.Id, bob, Role.Member, [], Cancel);
        await users.JoinAsync(other.Id, ada, Role.Member, [], Cancel);
        await users.InviteAsync(new Caller(bob), other.Id, $"{ada}@example.com", Role.Member, [], Cancel);

        var refused = await Assert.ThrowsAsync<ProblemException>(() => users.DeleteUserAsync(new Caller(ada), $"{ada}@example.com", Cancel));
        Assert.Equal((409, "last_admin"), (refused.Status, refused.Code));
        Assert.Contains(team.Id, refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await users.FindUserAsync(ada, Cancel))!.Memberships.Count);

        await users.SetMemberAsync(new Caller(ada), team.Id, bob, Role.Admin, [], Cancel);
        await users.DeleteUserAsync(new Caller(ada), $"{ada}@example.com", Cancel);

        Assert.Equal("user_deleted", await RefusedAsync(() => users.FindOrCreateUserAsync(new Caller(ada), Cancel)));
        Assert.Equal("not_permitted", await RefusedAsync(() => users.RequirePermissionAsync(new Caller(ada), team.Id, Permission.ReadTeam, Cancel)));
        Assert.False(await users.CreateUserAsync(ada, "ada@example.com", Cancel));
        Assert.Equal("user_deleted", await RefusedAsync(() => users.FindUserAsync(ada, Cancel)));
        Assert.Empty((await users.InvitationsToAsync($"{ada}@example.com", null, Cancel)).Items);
        Assert.Equal([bob], (await users.FindTeamAsync(other.Id, Cancel))!.Members.Select(member => member.Sub));
    }

    [Fact]
    public async Task Lets_an_operator_appoint_an_admin()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);

        await AppointAdmin.Handle(new Appointment(team.Id, bob), new LocalContext("appointAdmin"), users);

        Assert.True(await MayManageAsync(bob, team.Id));
        Assert.Equal("no_such_user", await RefusedAsync(() => AppointAdmin.Handle(new Appointment(team.Id, "nobody"), new LocalContext("appointAdmin"), users)));
        Assert.Equal("no_such_team", await RefusedAsync(() => AppointAdmin.Handle(new Appointment("none", bob), new LocalContext("appointAdmin"), users)));
        Assert.Equal("invalid_appointment", await RefusedAsync(() => AppointAdmin.Handle(new Appointment("", bob), new LocalContext("appointAdmin"), users)));
        Assert.Equal("invalid_appointment", await RefusedAsync(() => AppointAdmin.Handle(new Appointment(team.Id, new string('s', Caller.MaxSubLength + 1)), new LocalContext("appointAdmin"), users)));
    }

    [Fact]
    public async Task Brings_a_member_back_who_had_left()
    {
        var (ada, bob) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await users.JoinAsync(team.Id, bob, Role.Member, [], Cancel);
        await users.RemoveMemberAsync(new Caller(ada), team.Id, bob, Cancel);
        await users.RemoveMemberAsync(new Caller(ada), team.Id, bob, Cancel);
        Assert.Single((await users.FindTeamAsync(team.Id, Cancel))!.Members);

        await users.JoinAsync(team.Id, bob, Role.Admin, [], Cancel);

        Assert.True(await MayManageAsync(bob, team.Id));
    }

    [Fact]
    public async Task Finishes_a_change_that_was_cut_off_and_lets_no_late_write_undo_a_later_one()
    {
        var (ada, bob, eve) = (await NewUserAsync(), await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);
        await using var faulty = await FaultyTable.OpenAsync(services, bob);

        await Assert.ThrowsAsync<DependencyException>(() => faulty.Table.JoinAsync(team.Id, bob, Role.Member, [], Cancel));
        Assert.Empty((await users.FindUserAsync(bob, Cancel))!.Memberships);

        await users.JoinAsync(team.Id, eve, Role.Member, [], Cancel);
        Assert.Single((await users.FindUserAsync(bob, Cancel))!.Memberships);

        await users.RemoveMemberAsync(new Caller(ada), team.Id, bob, Cancel);
        await faulty.SendHeldBackAsync();
        Assert.Empty((await users.FindUserAsync(bob, Cancel))!.Memberships);
    }

    [Fact]
    public async Task Says_which_user_there_is_not_and_of_a_team_only_that_it_is_not_the_callers()
    {
        var (ada, other) = (await NewUserAsync(), await NewUserAsync());
        var team = await users.CreateTeamAsync("Engines", ada, null, Cancel);

        Assert.Equal("no_such_user", await RefusedAsync(() => users.JoinAsync(team.Id, "nobody", Role.Member, [], Cancel)));
        Assert.Equal("no_such_member", await RefusedAsync(() => users.SetMemberAsync(new Caller(ada), team.Id, other, Role.Member, [], Cancel)));
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
        Assert.StartsWith("The setting AWS_REGION is missing", exception.Message, StringComparison.Ordinal);

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

    private const string Unavailable = "dependency_unavailable";

    /// <summary>What a client does that is answered 503: it tries again.</summary>
    private static async Task<string?> UntilDoneAsync(Func<Task> change)
    {
        for (var tries = 1; ; tries++)
        {
            var answer = await AnswerAsync(change);
            if (answer is not ("team_busy" or Unavailable) || tries == 30)
                return answer;
        }
    }

    private static async Task<string?> AnswerAsync(Func<Task> change)
    {
        try
        {
            return await RefusedAsync(change);
        }
        catch (DependencyException)
        {
            // A machine that has much to do makes the table slow.
            return Unavailable;
        }
    }

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
