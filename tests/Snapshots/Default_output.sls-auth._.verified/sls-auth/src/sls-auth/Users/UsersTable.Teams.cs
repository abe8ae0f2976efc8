using Amazon.DynamoDBv2.Model;
using Serverless;

namespace sls_auth.Users;

/// <summary>
/// How teams change, without transactions. A team's META row is where its changes line up: each is written there first, under the
/// condition that the version is still the one that the rules were checked against, together with the set of admins. Only then
/// it reaches the member's row, which takes no change older than its own. Whoever comes next finishes the change before: so one
/// that was cut off in between is not lost, and two callers at once cannot both remove what is only there twice.
/// </summary>
internal sealed partial class UsersTable
{
    private const string Meta = "META";
    private const int Attempts = 10;

    // A member who left keeps a row without a role for a day: a slower writer must not bring them back.
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    /// <summary>Makes a team with one member, its admin.</summary>
    public async Task<Team> CreateTeamAsync(string name, string adminSub, CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid().ToString("n");
        var change = new TeamChange(1, adminSub, Role.Admin, []);
        var row = Key(TeamKey(id), Meta);
        row["name"] = Text(name);
        row["createdAt"] = Text(Now());
        row["version"] = Number(change.Version);
        row["admins"] = new AttributeValue { SS = [adminSub] };
        row["change"] = change.ToAttribute();
        await CallAsync(
            () => client.PutItemAsync(new PutItemRequest { TableName = table, Item = row, ConditionExpression = "attribute_not_exists(pk)" }, cancellationToken),
            cancellationToken);
        await ApplyAsync(id, change, cancellationToken);
        return new Team(id, name, ReadTime(row["createdAt"]), [new Membership(id, adminSub, Role.Admin, [])]);
    }

    /// <summary>A team with its members, as the index has them: a change of the last second may be missing.</summary>
    /// <returns>The team, or null if there is none.</returns>
    public async Task<Team?> FindTeamAsync(string teamId, CancellationToken cancellationToken)
    {
        var row = await GetAsync(TeamKey(teamId), Meta, cancellationToken);
        if (row is null)
            return null;
        var members = new List<Membership>();
        await foreach (var item in QueryAsync(
            new QueryRequest
            {
                TableName = table,
                IndexName = "gsi1",
                KeyConditionExpression = "gsi1pk = :pk",
                ExpressionAttributeValues = new() { [":pk"] = Text(TeamKey(teamId)) },
            },
            cancellationToken))
        {
            if (ReadMembership(item) is { } membership)
                members.Add(membership);
        }

        return new Team(teamId, row["name"].S, ReadTime(row["createdAt"]), members);
    }

    /// <summary>Adds a member, or gives one another role or other permissions.</summary>
    /// <exception cref="ProblemException">404: no such team or user. 409: the team would be left without an admin.</exception>
    public Task SetMemberAsync(string teamId, string sub, Role role, IReadOnlyList<string> extra, CancellationToken cancellationToken) =>
        ChangeAsync(teamId, sub, role, extra, cancellationToken);

    /// <summary>Removes a member; one who is none already is no mistake.</summary>
    /// <exception cref="ProblemException">404: no such team. 409: the team would be left without an admin.</exception>
    public Task RemoveMemberAsync(string teamId, string sub, CancellationToken cancellationToken) =>
        ChangeAsync(teamId, sub, null, [], cancellationToken);

    private static string TeamKey(string teamId) => $"TEAM#{teamId}";

    private async Task ChangeAsync(string teamId, string sub, Role? role, IReadOnlyList<string> extra, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var team = await GetAsync(TeamKey(teamId), Meta, cancellationToken)
                ?? throw new ProblemException(404, "no_such_team", "There is no such team.");
            await ApplyAsync(teamId, TeamChange.From(team["change"]), cancellationToken);

            var row = await GetAsync(UserKey(sub), TeamKey(teamId), cancellationToken);
            var membership = row is null ? null : ReadMembership(row);
            if (membership is null && role is null)
                return;
            if (membership is not null && membership.Role == role && membership.Extra.ToHashSet().SetEquals(extra))
                return;
            if (membership is null && await GetAsync(UserKey(sub), Profile, cancellationToken) is null)
                throw new ProblemException(404, "no_such_user", "There is no such user; expected is the sub of one who has signed in.");
            if (membership?.Role == Role.Admin && role != Role.Admin && team["admins"].SS.Count == 1)
                throw new ProblemException(409, "last_admin", "This is the team's last admin; expected is that another one is named first.");

            var version = ReadNumber(team["version"]);
            var change = new TeamChange(version + 1, sub, role, extra);
            if (await RecordAsync(teamId, version, change, cancellationToken))
            {
                await ApplyAsync(teamId, change, cancellationToken);
                return;
            }

            // Someone else changed the team in between: the rules are checked again, on what it is now.
            await Task.Delay(Random.Shared.Next(10, 30 * attempt), cancellationToken);
        }

        throw new ProblemException(503, "team_busy", "Others are changing the team; please try again.");
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
            row["role"] = Text(NameOf(role));
            row["extra"] = Texts(change.Extra);
            row["gsi1pk"] = Text(TeamKey(teamId));
            row["gsi1sk"] = Text(UserKey(change.Sub));
        }
        else
        {
            row["expires"] = Number((DateTimeOffset.UtcNow + Remembered).ToUnixTimeSeconds());
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

    private static string NameOf(Role role) => role == Role.Admin ? "admin" : "member";

    private static Role RoleOf(string name) => name switch
    {
        "admin" => Role.Admin,
        "member" => Role.Member,
        _ => throw new InvalidDataException($"A membership's role is \"{name}\"; expected is admin or member."),
    };

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
                value["role"] = Text(NameOf(role));
            return new AttributeValue { M = value };
        }

        public static TeamChange From(AttributeValue value) => new(
            ReadNumber(value.M["version"]),
            value.M["sub"].S,
            value.M.TryGetValue("role", out var role) ? RoleOf(role.S) : null,
            [.. value.M["extra"].L?.Select(text => text.S) ?? []]);
    }
}
