using System.Security.Cryptography;
using System.Text;
using Amazon.DynamoDBv2.Model;
using Serverless;

namespace sls_venture.Auth.Users;

/// <summary>
/// How teams change, without transactions. The changes of a team are put in order by its META row: each is written there first, under the
/// condition that the version is still the one that the rules were checked against, together with the set of admins. Only then it is
/// applied to the member's row, which accepts no change older than its own, and taken out of the META row again. If a caller is cut off in
/// between, the next one finishes the change. So no change is lost, and two callers at once cannot both remove the last admin but one.
/// </summary>
internal sealed partial class UsersTable
{
    /// <summary>The most teams that one user may be an admin of when they make another.</summary>
    public const int MaxTeamsOfAdmin = 100;

    private const string Meta = "META";

    // How long a caller tries while others change the same team. Then the answer is 503, with Retry-After.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Makes a team with one member, its admin.</summary>
    /// <param name="name">What its members call it.</param>
    /// <param name="adminSub">The admin.</param>
    /// <param name="key">The admin's own name for this call, if it may be repeated: the same again makes no second team.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The team as it is now, with the admin's own membership.</returns>
    /// <exception cref="ProblemException">409: a team was made under that key with another name, or is not the admin's any more, or they have too many.</exception>
    public async Task<Team> CreateTeamAsync(string name, string adminSub, string? key, CancellationToken cancellationToken)
    {
        var id = key is null
            ? Guid.NewGuid().ToString("n")
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{adminSub}\n{key}")))[..32];
        var row = key is null ? null : await GetAsync(TeamKey(id), Meta, cancellationToken);
        if (row is null)
        {
            await RefuseTooManyTeamsAsync(adminSub, cancellationToken);
            var change = new TeamChange(1, adminSub, Role.Admin, []);
            var made = Key(TeamKey(id), Meta);
            made["name"] = Text(name);
            made["madeAs"] = Text(name);
            made["createdAt"] = Text(Now());
            made["version"] = Number(change.Version);
            made["admins"] = new AttributeValue { SS = [adminSub] };
            made["change"] = change.ToAttribute();
            try
            {
                await CallAsync(
                    () => client.PutItemAsync(new PutItemRequest { TableName = table, Item = made, ConditionExpression = "attribute_not_exists(pk)" }, cancellationToken),
                    cancellationToken);
                row = made;
            }
            catch (ConditionalCheckFailedException)
            {
                // A call at the same time has written it, or this one has and the table's reply was lost.
                row = await GetAsync(TeamKey(id), Meta, cancellationToken) ?? throw new InvalidOperationException("The team's row is not there after it was made.");
            }
        }

        if (row["madeAs"].S != name)
            throw new ProblemException(409, "idempotency_key_used", "This Idempotency-Key was sent with another name. Send a new key for a new team.");
        if (!row.ContainsKey("deletedAt"))
            await FinishAsync(id, row, cancellationToken);
        var own = await GetAsync(UserKey(adminSub), TeamKey(id), cancellationToken);
        return own is not null && ReadMembership(own) is { } membership
            ? new Team(id, row["name"].S, ReadTime(row["createdAt"]), [membership], null)
            : throw new ProblemException(409, "team_left", "The team of this Idempotency-Key was made, and you are no longer in it. Send a new key for a new team.");
    }

    /// <summary>A team with a page of its members, as the index has them: a change of the last second may be missing.</summary>
    /// <param name="teamId">The team.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="after">The member after whom the page begins; null: the first page.</param>
    /// <returns>The team, or null if there is none.</returns>
    public async Task<Team?> FindTeamAsync(string teamId, CancellationToken cancellationToken, string? after = null)
    {
        if (await FindMetaAsync(teamId, cancellationToken) is not { } row)
            return null;
        var members = new List<Membership>();
        var request = InTeam(teamId, "gsi1sk > :after", (":after", UserKey(after ?? "")));
        request.Limit = PageSize + 1;
        await foreach (var item in QueryAsync(request, cancellationToken))
        {
            if (ReadMembership(item) is { } membership)
                members.Add(membership);
            if (members.Count > PageSize)
                break;
        }

        var page = PageOf(members, member => member.Sub);
        return new Team(teamId, row["name"].S, ReadTime(row["createdAt"]), page.Items, page.Next);
    }

    /// <summary>Gives a member another role or other permissions.</summary>
    /// <exception cref="ProblemException">403: the caller may not. 404: no such member. 409: the team would be left without an admin.</exception>
    public Task SetMemberAsync(Caller caller, string teamId, string sub, Role role, IReadOnlyList<string> extra, CancellationToken cancellationToken) =>
        ChangeAsync(caller, teamId, sub, role, extra, findNewMember: null, cancellationToken);

    /// <summary>Adds a member who has accepted an invitation, or whom an operator makes an admin.</summary>
    /// <exception cref="ProblemException">404: no such team or user.</exception>
    public Task JoinAsync(string teamId, string sub, Role role, IReadOnlyList<string> extra, CancellationToken cancellationToken) =>
        ChangeAsync(null, teamId, sub, role, extra, () => FindUserAsync(sub, cancellationToken), cancellationToken);

    /// <summary>Removes a member. To remove one who is not in the team is no mistake.</summary>
    /// <exception cref="ProblemException">403: the caller may not. 409: the team would be left without an admin.</exception>
    public Task RemoveMemberAsync(Caller caller, string teamId, string sub, CancellationToken cancellationToken) =>
        ChangeAsync(caller, teamId, sub, null, [], findNewMember: null, cancellationToken);

    /// <summary>Gives a team another name.</summary>
    /// <exception cref="ProblemException">403: the caller may not. 404: no such team.</exception>
    public async Task RenameTeamAsync(Caller caller, string teamId, string name, CancellationToken cancellationToken)
    {
        await RequirePermissionAsync(caller, teamId, Permission.ManageTeam, cancellationToken);
        try
        {
            await CallAsync(
                () => client.UpdateItemAsync(
                    new UpdateItemRequest
                    {
                        TableName = table,
                        Key = Key(TeamKey(teamId), Meta),
                        ConditionExpression = "attribute_exists(pk) AND attribute_not_exists(deletedAt)",
                        UpdateExpression = "SET #name = :name",
                        ExpressionAttributeNames = new() { ["#name"] = "name" },
                        ExpressionAttributeValues = new() { [":name"] = Text(name) },
                    },
                    cancellationToken),
                cancellationToken);
        }
        catch (ConditionalCheckFailedException)
        {
            throw NoSuchTeam();
        }
    }

    /// <summary>Deletes a team with its members and invitations. The caller's own membership goes last: the same call again finishes it.</summary>
    /// <exception cref="ProblemException">403: the caller may not.</exception>
    public async Task DeleteTeamAsync(Caller caller, string teamId, CancellationToken cancellationToken)
    {
        await RequirePermissionAsync(caller, teamId, Permission.ManageTeam, cancellationToken);
        var version = await CloseAsync(teamId, cancellationToken);

        // The index follows the table within a second or so.
        for (var found = true; found;)
        {
            var others = new List<Dictionary<string, AttributeValue>>();
            await foreach (var item in QueryAsync(InTeam(teamId), cancellationToken))
            {
                if (item["pk"].S != UserKey(caller.Sub))
                    others.Add(Key(item["pk"].S, item["sk"].S));
            }

            found = others.Count > 0;
            foreach (var batch in others.Chunk(20))
                await Task.WhenAll(batch.Select(key => ForgetAsync(key, version, cancellationToken)));
        }

        await ForgetAsync(Key(UserKey(caller.Sub), TeamKey(teamId)), version, cancellationToken);
    }

    private static string TeamKey(string teamId) => $"TEAM#{teamId}";

    private static ProblemException NoSuchTeam() => new(404, "no_such_team", "There is no such team.");

    private QueryRequest InTeam(string teamId, string? condition = null, (string Name, string Value)? value = null)
    {
        var request = new QueryRequest
        {
            TableName = table,
            IndexName = "gsi1",
            KeyConditionExpression = condition is null ? "gsi1pk = :pk" : $"gsi1pk = :pk AND {condition}",
            ExpressionAttributeValues = new() { [":pk"] = Text(TeamKey(teamId)) },
        };
        if (value is { } given)
            request.ExpressionAttributeValues[given.Name] = Text(given.Value);
        return request;
    }

    private async Task<Dictionary<string, AttributeValue>?> FindMetaAsync(string teamId, CancellationToken cancellationToken) =>
        await GetAsync(TeamKey(teamId), Meta, cancellationToken) is { } row && !row.ContainsKey("deletedAt") ? row : null;

    private async Task<bool> IsLastAdminAsync(string teamId, CancellationToken cancellationToken) =>
        await FindMetaAsync(teamId, cancellationToken) is { } row && row["admins"].SS.Count == 1;

    private async Task RefuseTooManyTeamsAsync(string sub, CancellationToken cancellationToken)
    {
        var count = 0;
        await foreach (var membership in MembershipsOfAsync(sub, cancellationToken))
            count += membership.Role == Role.Admin ? 1 : 0;
        if (count >= MaxTeamsOfAdmin)
            throw new ProblemException(409, "too_many_teams", $"You are an admin of {count} teams. Leave or delete one before you make another; the limit is {MaxTeamsOfAdmin}.");
    }

    /// <summary>Marks the team as deleted, after which no change is accepted.</summary>
    /// <returns>The version of that mark, which is newer than every change.</returns>
    private async Task<long> CloseAsync(string teamId, CancellationToken cancellationToken)
    {
        for (var started = DateTime.UtcNow; DateTime.UtcNow - started < Patience; await Task.Delay(Random.Shared.Next(10, 50), cancellationToken))
        {
            var team = await GetAsync(TeamKey(teamId), Meta, cancellationToken) ?? throw NoSuchTeam();
            var version = ReadNumber(team["version"]);
            if (team.ContainsKey("deletedAt"))
                return version;
            await FinishAsync(teamId, team, cancellationToken);
            try
            {
                await CallAsync(
                    () => client.UpdateItemAsync(
                        new UpdateItemRequest
                        {
                            TableName = table,
                            Key = Key(TeamKey(teamId), Meta),
                            ConditionExpression = "version = :version",
                            UpdateExpression = "SET version = :next, deletedAt = :now, expires = :expires",
                            ExpressionAttributeValues = new()
                            {
                                [":version"] = Number(version),
                                [":next"] = Number(version + 1),
                                [":now"] = Text(Now()),
                                [":expires"] = ExpiresAfter(Remembered),
                            },
                        },
                        cancellationToken),
                    cancellationToken);
                return version + 1;
            }
            catch (ConditionalCheckFailedException)
            {
                // Someone else changed the team in between.
            }
        }

        throw Busy();
    }

    private static ProblemException Busy() => new(503, "team_busy", "Others are changing the team. Try again in a second.");

    /// <summary>Empties a member's row, or deletes an invitation.</summary>
    private async Task ForgetAsync(Dictionary<string, AttributeValue> key, long version, CancellationToken cancellationToken)
    {
        if (key["pk"].S.StartsWith("USER#", StringComparison.Ordinal))
            await ApplyAsync(key["sk"].S["TEAM#".Length..], new TeamChange(version, key["pk"].S["USER#".Length..], null, []), cancellationToken);
        else
            await CallAsync(() => client.DeleteItemAsync(new DeleteItemRequest { TableName = table, Key = key }, cancellationToken), cancellationToken);
    }

    // Only a call that may add a member looks for the user: the others have no right to.
    private async Task ChangeAsync(
        Caller? caller, string teamId, string sub, Role? role, IReadOnlyList<string> extra, Func<Task<User?>>? findNewMember, CancellationToken cancellationToken)
    {
        var leaves = role is null && sub == caller?.Sub;
        for (var started = DateTime.UtcNow; DateTime.UtcNow - started < Patience;)
        {
            var team = await GetAsync(TeamKey(teamId), Meta, cancellationToken);
            var version = team is null ? 0 : ReadNumber(team["version"]);
            var isClosed = team is null || team.ContainsKey("deletedAt");
            if (team is not null && !isClosed)
                await FinishAsync(teamId, team, cancellationToken);

            // Read after the change before was finished: it may be the caller's own removal, and what is recorded under this version
            // depends on what they may do in the team. A caller who leaves, or has left, needs no permission to.
            if (caller is not null)
            {
                var own = await GetAsync(UserKey(caller.Sub), TeamKey(teamId), cancellationToken);
                if (own is null || !(leaves || (ReadMembership(own) is { } place && place.May(Permission.ManageTeam))))
                    throw NotPermitted(Permission.ManageTeam);
            }

            if (isClosed)
            {
                // What is left of a deleted team may be left by those in it.
                if (!leaves)
                    throw NoSuchTeam();
                if (await GetAsync(UserKey(sub), TeamKey(teamId), cancellationToken) is { } left)
                    await ApplyAsync(teamId, new TeamChange(Math.Max(version, ReadNumber(left["version"])) + 1, sub, null, []), cancellationToken);
                return;
            }

            var row = await GetAsync(UserKey(sub), TeamKey(teamId), cancellationToken);
            var membership = row is null ? null : ReadMembership(row);
            if (membership is null && role is null)
                return;
            if (membership is not null && membership.Role == role && membership.Extra.ToHashSet().SetEquals(extra))
                return;
            if (membership is null && findNewMember is null)
                throw new ProblemException(404, "no_such_member", "There is no such member in the team. Invite a person by their e-mail address: POST /teams/{id}/invitations.");
            if (membership is null && await findNewMember!() is null)
                throw new ProblemException(404, "no_such_user", "There is no such user. Give the sub of a user who has signed in.");
            if (membership?.Role == Role.Admin && role != Role.Admin && team!["admins"].SS.Count == 1)
                throw new ProblemException(409, "last_admin", "This is the team's last admin. Make another member an admin first, or delete the team.");

            var change = new TeamChange(version + 1, sub, role, extra);
            if (await RecordAsync(teamId, version, change, cancellationToken))
            {
                await ApplyAsync(teamId, change, cancellationToken);
                await TakeOutAsync(teamId, change.Version, cancellationToken);
                return;
            }

            // Someone else changed the team in between: the rules are checked again, on what it is now.
            await Task.Delay(Random.Shared.Next(10, 100), cancellationToken);
        }

        throw Busy();
    }

    /// <summary>Finishes the change before, if its caller was cut off.</summary>
    private async Task FinishAsync(string teamId, Dictionary<string, AttributeValue> team, CancellationToken cancellationToken)
    {
        if (!team.TryGetValue("change", out var attribute))
            return;
        var change = TeamChange.From(attribute);
        await ApplyAsync(teamId, change, cancellationToken);
        await TakeOutAsync(teamId, change.Version, cancellationToken);
    }

    /// <summary>Takes an applied change out of the team's row: applied later once more, it would bring back a row that was deleted since.</summary>
    private async Task TakeOutAsync(string teamId, long version, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync(
                () => client.UpdateItemAsync(
                    new UpdateItemRequest
                    {
                        TableName = table,
                        Key = Key(TeamKey(teamId), Meta),
                        ConditionExpression = "version = :version",
                        UpdateExpression = "REMOVE change",
                        ExpressionAttributeValues = new() { [":version"] = Number(version) },
                    },
                    cancellationToken),
                cancellationToken);
        }
        catch (ConditionalCheckFailedException)
        {
            // A later change stands there.
        }
    }

    private async Task<bool> RecordAsync(string teamId, long version, TeamChange change, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync(
                () => client.UpdateItemAsync(
                    new UpdateItemRequest
                    {
                        TableName = table,
                        Key = Key(TeamKey(teamId), Meta),
                        ConditionExpression = "version = :version",
                        UpdateExpression = $"SET version = :next, change = :change {(change.Role == Role.Admin ? "ADD" : "DELETE")} admins :sub",
                        ExpressionAttributeValues = new()
                        {
                            [":version"] = Number(version),
                            [":next"] = Number(change.Version),
                            [":change"] = change.ToAttribute(),
                            [":sub"] = new AttributeValue { SS = [change.Sub] },
                        },
                    },
                    cancellationToken),
                cancellationToken);
            return true;
        }
        catch (ConditionalCheckFailedException)
        {
            return false;
        }
    }

    private async Task ApplyAsync(string teamId, TeamChange change, CancellationToken cancellationToken)
    {
        var row = Key(UserKey(change.Sub), TeamKey(teamId));
        row["version"] = Number(change.Version);
        if (change.Role is { } role)
        {
            row["role"] = Text(RoleName.Of(role));
            row["extra"] = Texts(change.Extra);
            row["gsi1pk"] = Text(TeamKey(teamId));
            row["gsi1sk"] = Text(UserKey(change.Sub));
        }
        else
        {
            row["expires"] = ExpiresAfter(Remembered);
        }

        try
        {
            await CallAsync(
                () => client.PutItemAsync(
                    new PutItemRequest
                    {
                        TableName = table,
                        Item = row,
                        ConditionExpression = "attribute_not_exists(pk) OR version < :version",
                        ExpressionAttributeValues = new() { [":version"] = Number(change.Version) },
                    },
                    cancellationToken),
                cancellationToken);
        }
        catch (ConditionalCheckFailedException)
        {
            // It stands there already, or a later one does.
        }
    }

    private static Membership? ReadMembership(Dictionary<string, AttributeValue> row) =>
        row.TryGetValue("role", out var role)
            ? new Membership(row["sk"].S["TEAM#".Length..], row["pk"].S["USER#".Length..], RoleOf(role.S), [.. row["extra"].L?.Select(value => value.S) ?? []])
            : null;

    private static AttributeValue Texts(IEnumerable<string> values) => new() { L = [.. values.Select(Text)], IsLSet = true };

    private static Role RoleOf(string name) =>
        RoleName.Find(name) ?? throw new InvalidDataException($"A membership's role is \"{name}\". It must be admin or member.");

    /// <summary>A change of one member, as the team's row keeps it. No role: the member leaves.</summary>
    private sealed record TeamChange(long Version, string Sub, Role? Role, IReadOnlyList<string> Extra)
    {
        public AttributeValue ToAttribute()
        {
            var value = new Dictionary<string, AttributeValue>
            {
                ["version"] = Number(Version),
                ["sub"] = Text(Sub),
                ["extra"] = Texts(Extra),
            };
            if (Role is { } role)
                value["role"] = Text(RoleName.Of(role));
            return new AttributeValue { M = value };
        }

        public static TeamChange From(AttributeValue value) => new(
            ReadNumber(value.M["version"]),
            value.M["sub"].S,
            value.M.TryGetValue("role", out var role) ? RoleOf(role.S) : null,
            [.. value.M["extra"].L?.Select(text => text.S) ?? []]);
    }
}
