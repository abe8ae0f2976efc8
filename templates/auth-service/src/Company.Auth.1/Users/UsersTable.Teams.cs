using System.Security.Cryptography;
using System.Text;
using Amazon.DynamoDBv2.Model;
using Serverless;

namespace Company.Auth._1.Users;

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
    /// <param name="name">What its members call it.</param>
    /// <param name="adminSub">The admin.</param>
    /// <param name="key">The admin's own name for this call, if it may be repeated: the same again makes no second team.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ProblemException">409: a team of another name was made under that key.</exception>
    public async Task<Team> CreateTeamAsync(string name, string adminSub, string? key, CancellationToken cancellationToken)
    {
        var id = key is null
            ? Guid.NewGuid().ToString("n")
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{adminSub}\n{key}")))[..32];
        var change = new TeamChange(1, adminSub, Role.Admin, []);
        var row = Key(TeamKey(id), Meta);
        row["name"] = Text(name);
        row["createdAt"] = Text(Now());
        row["version"] = Number(change.Version);
        row["admins"] = new AttributeValue { SS = [adminSub] };
        row["change"] = change.ToAttribute();
        try
        {
            await CallAsync(
                () => client.PutItemAsync(new PutItemRequest { TableName = table, Item = row, ConditionExpression = "attribute_not_exists(pk)" }, cancellationToken),
                cancellationToken);
        }
        catch (ConditionalCheckFailedException)
        {
            // A call before has written it, or this one has and the table's reply was lost.
            row = await GetAsync(TeamKey(id), Meta, cancellationToken) ?? throw new InvalidOperationException("The team's row is not there after it was made.");
            if (row["name"].S != name)
                throw new ProblemException(409, "idempotency_key_used", "The Idempotency-Key was sent with another name; expected is a new one for a new team.");
        }

        await ApplyAsync(id, TeamChange.From(row["change"]), cancellationToken);
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
    /// <exception cref="ProblemException">403: the caller may not. 404: no such user. 409: the team would be left without an admin.</exception>
    public Task SetMemberAsync(Caller caller, string teamId, string sub, Role role, IReadOnlyList<string> extra, CancellationToken cancellationToken) =>
        ChangeAsync(caller, teamId, sub, role, extra, cancellationToken);

    /// <summary>Removes a member; one who is none already is no mistake.</summary>
    /// <exception cref="ProblemException">403: the caller may not. 409: the team would be left without an admin.</exception>
    public Task RemoveMemberAsync(Caller caller, string teamId, string sub, CancellationToken cancellationToken) =>
        ChangeAsync(caller, teamId, sub, null, [], cancellationToken);

    private static string TeamKey(string teamId) => $"TEAM#{teamId}";

    private async Task ChangeAsync(Caller caller, string teamId, string sub, Role? role, IReadOnlyList<string> extra, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var team = await GetAsync(TeamKey(teamId), Meta, cancellationToken) ?? throw await RefuseAsync(caller, Permission.ManageTeam, cancellationToken);
            await ApplyAsync(teamId, TeamChange.From(team["change"]), cancellationToken);

            // The change before may have been the caller's removal: so they are asked about only now, and what is recorded under this
            // version stands on what they may do in it. Who leaves, or has left, needs no permission to.
            var own = await GetAsync(UserKey(caller.Sub), TeamKey(teamId), cancellationToken);
            var leaves = role is null && sub == caller.Sub;
            if (own is null || !(leaves || ReadMembership(own) is { } place && place.May(Permission.ManageTeam)))
                throw await RefuseAsync(caller, Permission.ManageTeam, cancellationToken);

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
            row["role"] = Text(RoleName.Of(role));
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
