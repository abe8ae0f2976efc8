using Amazon.DynamoDBv2.Model;
using Serverless;

namespace sls_venture.Auth.Users;

/// <summary>
/// Invitations: nobody becomes a member without accepting one, and only the person accepts it who has proved that the address is theirs.
/// </summary>
internal sealed partial class UsersTable
{
    /// <summary>The most invitations of a team that are open at a time.</summary>
    public const int MaxInvitations = 100;

    private static readonly TimeSpan InvitationLasts = TimeSpan.FromDays(7);

    /// <summary>Invites the owner of an e-mail address; the same address again replaces the invitation.</summary>
    /// <exception cref="ProblemException">403: the caller may not. 409: too many invitations are open.</exception>
    public async Task<Invitation> InviteAsync(Caller caller, string teamId, string email, Role role, IReadOnlyList<string> extra, CancellationToken cancellationToken)
    {
        await RequirePermissionAsync(caller, teamId, Permission.ManageTeam, cancellationToken);
        var team = await FindMetaAsync(teamId, cancellationToken) ?? throw NoSuchTeam();
        if ((await InvitationsOfTeamAsync(teamId, cancellationToken)).Count(invitation => invitation.Email != email) >= MaxInvitations)
            throw new ProblemException(409, "too_many_invitations", $"The team has {MaxInvitations} open invitations. Withdraw one before you send another.");

        var row = Key(EmailKey(email), TeamKey(teamId));
        row["gsi1pk"] = Text(TeamKey(teamId));
        row["gsi1sk"] = Text(EmailKey(email));
        row["teamName"] = team["name"];
        row["invited"] = Text(RoleName.Of(role));
        row["extra"] = Texts(extra);
        row["expires"] = ExpiresAfter(InvitationLasts);
        await CallAsync(() => client.PutItemAsync(new PutItemRequest { TableName = table, Item = row }, cancellationToken), cancellationToken);
        return ReadInvitation(row)!;
    }

    /// <summary>The open invitations of a team, as the index has them: a change of the last second may be missing.</summary>
    /// <exception cref="ProblemException">403: the caller may not.</exception>
    public async Task<IReadOnlyList<Invitation>> InvitationsAsync(Caller caller, string teamId, CancellationToken cancellationToken)
    {
        await RequirePermissionAsync(caller, teamId, Permission.ManageTeam, cancellationToken);
        return await InvitationsOfTeamAsync(teamId, cancellationToken);
    }

    /// <summary>Withdraws an invitation. To withdraw one that is not there is no mistake.</summary>
    /// <exception cref="ProblemException">403: the caller may not.</exception>
    public async Task WithdrawAsync(Caller caller, string teamId, string email, CancellationToken cancellationToken)
    {
        await RequirePermissionAsync(caller, teamId, Permission.ManageTeam, cancellationToken);
        await DeclineAsync(email, teamId, cancellationToken);
    }

    /// <summary>A page of the open invitations to an address.</summary>
    /// <param name="email">The address, which the caller has proved to be theirs.</param>
    /// <param name="after">The team after which the page begins; null: the first page.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<(IReadOnlyList<Invitation> Items, string? Next)> InvitationsToAsync(string email, string? after, CancellationToken cancellationToken)
    {
        var found = new List<Invitation>();
        var request = new QueryRequest
        {
            TableName = table,
            KeyConditionExpression = "pk = :pk AND sk > :after",
            ExpressionAttributeValues = new() { [":pk"] = Text(EmailKey(email)), [":after"] = Text(TeamKey(after ?? "")) },
            ConsistentRead = true,
            Limit = PageSize + 1,
        };
        await foreach (var item in QueryAsync(request, cancellationToken))
        {
            if (ReadInvitation(item) is { } invitation)
                found.Add(invitation);
            if (found.Count > PageSize)
                break;
        }

        return PageOf(found, invitation => invitation.TeamId);
    }

    /// <summary>Accepts an invitation: the caller becomes a member. A member already keeps their role.</summary>
    /// <exception cref="ProblemException">404: there is no such invitation, or no such team any more.</exception>
    public async Task AcceptAsync(Caller caller, string email, string teamId, CancellationToken cancellationToken)
    {
        var row = await GetAsync(EmailKey(email), TeamKey(teamId), cancellationToken);
        if (row is null || ReadInvitation(row) is not { } invitation)
            throw new ProblemException(404, "no_such_invitation", "There is no such invitation, or it has expired. Ask an admin of the team for a new one.");
        await FindOrCreateUserAsync(caller, cancellationToken, email);
        var own = await GetAsync(UserKey(caller.Sub), TeamKey(teamId), cancellationToken);
        if (own is null || ReadMembership(own) is null)
            await JoinAsync(teamId, caller.Sub, invitation.Role, invitation.Extra, cancellationToken);
        // Last, so that the same call again finishes what was cut off.
        await DeclineAsync(email, teamId, cancellationToken);
    }

    /// <summary>Deletes an invitation, if it is there.</summary>
    public Task DeclineAsync(string email, string teamId, CancellationToken cancellationToken) =>
        ForgetAsync(Key(EmailKey(email), TeamKey(teamId)), 0, cancellationToken);

    private static string EmailKey(string email) => $"EMAIL#{email}";

    private async Task<List<Invitation>> InvitationsOfTeamAsync(string teamId, CancellationToken cancellationToken)
    {
        var found = new List<Invitation>();
        await foreach (var item in QueryAsync(InTeam(teamId, "begins_with(gsi1sk, :email)", (":email", EmailKey(""))), cancellationToken))
        {
            if (ReadInvitation(item) is { } invitation)
                found.Add(invitation);
        }

        return found;
    }

    private async Task DeleteInvitationsToAsync(string email, CancellationToken cancellationToken)
    {
        var request = new QueryRequest
        {
            TableName = table,
            KeyConditionExpression = "pk = :pk",
            ExpressionAttributeValues = new() { [":pk"] = Text(EmailKey(email)) },
            ConsistentRead = true,
        };
        await foreach (var item in QueryAsync(request, cancellationToken))
            await ForgetAsync(Key(item["pk"].S, item["sk"].S), 0, cancellationToken);
    }

    // DynamoDB deletes expired rows within days, not at once.
    private static Invitation? ReadInvitation(Dictionary<string, AttributeValue> row) =>
        DateTimeOffset.FromUnixTimeSeconds(ReadNumber(row["expires"])) is var expires && expires > DateTimeOffset.UtcNow
            ? new Invitation(
                row["sk"].S["TEAM#".Length..], row["teamName"].S, row["pk"].S["EMAIL#".Length..], RoleOf(row["invited"].S), [.. row["extra"].L?.Select(value => value.S) ?? []], expires)
            : null;
}
