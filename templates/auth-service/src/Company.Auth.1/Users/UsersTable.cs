using System.Globalization;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Serverless;

namespace Company.Auth._1.Users;

/// <summary>
/// Users, teams, memberships and invitations, in one DynamoDB table. Everything about one user has one partition key: one query
/// reads it, and one row says what the user may do in one team:
/// <list type="table">
/// <item><term><c>USER#&lt;sub&gt;</c> / <c>PROFILE</c></term><description>email, createdAt, and deletedAt for a day after the user has left</description></item>
/// <item><term><c>USER#&lt;sub&gt;</c> / <c>TEAM#&lt;id&gt;</c></term><description>role, extra permissions, version</description></item>
/// <item><term><c>TEAM#&lt;id&gt;</c> / <c>META</c></term><description>name, createdAt, admins, version, a change that is not finished</description></item>
/// <item><term><c>EMAIL#&lt;address&gt;</c> / <c>TEAM#&lt;id&gt;</c></term><description>an invitation: role, extra permissions, expires</description></item>
/// </list>
/// The index <c>gsi1</c> lists a team's members and invitations: <c>TEAM#&lt;id&gt;</c> / <c>USER#&lt;sub&gt;</c> or <c>EMAIL#&lt;address&gt;</c>.
/// </summary>
internal sealed partial class UsersTable(IAmazonDynamoDB client, string table) : IDisposable
{
    /// <summary>Opens the table that the settings name.</summary>
    /// <param name="setting">
    /// Gives a setting's text by its name. <c>USERS_TABLE</c>: the table's name. <c>AWS_ENDPOINT_URL_DYNAMODB</c>: where DynamoDB
    /// is, if it is an emulator. <c>AWS_REGION</c>: where the table is, if it is in AWS.
    /// </param>
    /// <exception cref="SettingException">The table's name or its region is missing.</exception>
    public static UsersTable Open(Func<string, string?> setting)
    {
        var name = DynamoDb.TableName(setting, "USERS_TABLE");
        // The trigger has five seconds in all: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
        return new UsersTable(DynamoDb.Connect(setting, TimeSpan.FromSeconds(1.5), retries: 1), name);
    }

    /// <summary>The client of DynamoDB.</summary>
    public IAmazonDynamoDB Client => client;

    /// <summary>Makes the user's row, if there is none. An e-mail address that is given replaces the one in the row.</summary>
    /// <returns>Whether there was none.</returns>
    public async Task<bool> CreateUserAsync(string sub, string? email, CancellationToken cancellationToken)
    {
        var request = new UpdateItemRequest
        {
            TableName = table,
            Key = Key(UserKey(sub), Profile),
            // A user who has left is not made again by a token that is still valid.
            ConditionExpression = "attribute_not_exists(deletedAt)",
            UpdateExpression = "SET createdAt = if_not_exists(createdAt, :now)",
            ExpressionAttributeValues = new() { [":now"] = Text(Now()) },
            ReturnValues = ReturnValue.ALL_OLD,
        };
        if (!string.IsNullOrEmpty(email))
        {
            request.UpdateExpression += ", email = :email";
            request.ExpressionAttributeValues[":email"] = Text(email);
        }

        try
        {
            var response = await CallAsync(() => client.UpdateItemAsync(request, cancellationToken), cancellationToken);
            return response.Attributes is not { Count: > 0 };
        }
        catch (ConditionalCheckFailedException)
        {
            return false;
        }
    }

    /// <summary>A user with a page of their teams.</summary>
    /// <param name="sub">The user.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="after">The team after which the page begins; null: the first page, for which one query is enough.</param>
    /// <returns>The user, or null if there is no row.</returns>
    /// <exception cref="ProblemException">410: the user has left.</exception>
    public async Task<User?> FindUserAsync(string sub, CancellationToken cancellationToken, string? after = null)
    {
        var profile = after is null ? null : await GetAsync(UserKey(sub), Profile, cancellationToken);
        if (after is not null && profile is null)
            return null;
        var memberships = new List<Membership>();
        var request = new QueryRequest
        {
            TableName = table,
            KeyConditionExpression = after is null ? "pk = :pk" : "pk = :pk AND sk > :after",
            ExpressionAttributeValues = new() { [":pk"] = Text(UserKey(sub)) },
            ConsistentRead = true,
            Limit = PageSize + 2,
        };
        if (after is not null)
            request.ExpressionAttributeValues[":after"] = Text(TeamKey(after));
        await foreach (var item in QueryAsync(request, cancellationToken))
        {
            // The profile comes before the teams, as PROFILE does before TEAM#.
            if (item["sk"].S == Profile)
                profile = item;
            else if (ReadMembership(item) is { } membership)
                memberships.Add(membership);
            if (profile is null || memberships.Count > PageSize)
                break;
        }

        if (profile is null)
            return null;
        if (profile.ContainsKey("deletedAt"))
            throw new ProblemException(410, "user_deleted", "This user has been deleted. Sign up again to come back.");
        var page = PageOf(memberships, membership => membership.TeamId);
        return new User(sub, profile.GetValueOrDefault("email")?.S, ReadTime(profile["createdAt"]), page.Items, page.Next);
    }

    /// <summary>All teams of a user, page by page.</summary>
    public async IAsyncEnumerable<Membership> MembershipsOfAsync(
        string sub, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new QueryRequest
        {
            TableName = table,
            KeyConditionExpression = "pk = :pk AND begins_with(sk, :team)",
            ExpressionAttributeValues = new() { [":pk"] = Text(UserKey(sub)), [":team"] = Text(TeamKey("")) },
            ConsistentRead = true,
        };
        await foreach (var item in QueryAsync(request, cancellationToken))
        {
            if (ReadMembership(item) is { } membership)
                yield return membership;
        }
    }

    /// <summary>
    /// The caller's row, made now if it is missing: the trigger may have failed, and it does not run for a user that an administrator made.
    /// </summary>
    /// <param name="caller">The caller.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="email">The caller's verified e-mail address, if it is known: the row follows it.</param>
    /// <param name="after">The team after which the page begins.</param>
    public async Task<User> FindOrCreateUserAsync(Caller caller, CancellationToken cancellationToken, string? email = null, string? after = null)
    {
        var user = await FindUserAsync(caller.Sub, cancellationToken, after);
        if (user is not null && (email is null || email == user.Email))
            return user;
        await CreateUserAsync(caller.Sub, email, cancellationToken);
        return await FindUserAsync(caller.Sub, cancellationToken, after)
            ?? throw new InvalidOperationException("The user's row is not there after it was made.");
    }

    /// <summary>
    /// Deletes a user: takes them out of their teams, deletes the invitations to their address and empties their row, which stays for a
    /// day so that a token that is still valid does not make it again.
    /// </summary>
    /// <exception cref="ProblemException">409: teams would be left without an admin. Nothing has been changed.</exception>
    public async Task DeleteUserAsync(Caller caller, string? email, CancellationToken cancellationToken)
    {
        var (teams, alone) = (new List<string>(), new List<string>());
        await foreach (var membership in MembershipsOfAsync(caller.Sub, cancellationToken))
        {
            teams.Add(membership.TeamId);
            if (membership.Role == Role.Admin && await IsLastAdminAsync(membership.TeamId, cancellationToken))
                alone.Add(membership.TeamId);
        }

        if (alone.Count > 0)
        {
            throw new ProblemException(
                409, "last_admin", $"You are the last admin of {alone.Count} teams: {string.Join(", ", alone.Take(10))}. Make another member an admin, or delete the team, and try again.");
        }

        foreach (var team in teams)
            await RemoveMemberAsync(caller, team, caller.Sub, cancellationToken);
        if (email is not null)
            await DeleteInvitationsToAsync(email, cancellationToken);
        var row = Key(UserKey(caller.Sub), Profile);
        row["deletedAt"] = Text(Now());
        row["expires"] = ExpiresAfter(Remembered);
        await CallAsync(() => client.PutItemAsync(new PutItemRequest { TableName = table, Item = row }, cancellationToken), cancellationToken);
    }

    /// <summary>Lets the caller on if they may do this in that team, by reading one row.</summary>
    /// <returns>The caller's place in the team.</returns>
    /// <exception cref="ProblemException">403: they may not. Whether the team exists is not told.</exception>
    public async Task<Membership> RequirePermissionAsync(Caller caller, string teamId, string permission, CancellationToken cancellationToken)
    {
        var row = await GetAsync(UserKey(caller.Sub), TeamKey(teamId), cancellationToken);
        return row is not null && ReadMembership(row) is { } membership && membership.May(permission)
            ? membership
            : throw NotPermitted(permission);
    }

    /// <summary>Whether the table answers.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync(
                () => client.GetItemAsync(new GetItemRequest { TableName = table, Key = Key("READY", "READY") }, cancellationToken),
                cancellationToken);
            return true;
        }
        catch (DependencyException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private const string Profile = "PROFILE";
    private const int PageSize = 100;

    // A row that is gone stays empty for a day: a slower writer, or a token that is still valid, must not bring it back.
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    private static ProblemException NotPermitted(string permission) =>
        new(403, "not_permitted", $"This needs the permission {permission} in the team, which the caller does not have.");

    private static string UserKey(string sub) => $"USER#{sub}";

    private static Dictionary<string, AttributeValue> Key(string pk, string sk) => new() { ["pk"] = Text(pk), ["sk"] = Text(sk) };

    private static AttributeValue Text(string value) => new() { S = value };

    private static AttributeValue Number(long value) => new() { N = value.ToString(CultureInfo.InvariantCulture) };

    private static AttributeValue ExpiresAfter(TimeSpan time) => Number((DateTimeOffset.UtcNow + time).ToUnixTimeSeconds());

    // One more than the page holds was asked for, to know whether there is another page.
    private static (IReadOnlyList<T> Items, string? Next) PageOf<T>(List<T> found, Func<T, string> key) =>
        found.Count > PageSize ? (found[..PageSize], key(found[PageSize - 1])) : (found, null);

    private static string Now() => DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset ReadTime(AttributeValue value) =>
        DateTimeOffset.Parse(value.S, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static long ReadNumber(AttributeValue value) => long.Parse(value.N, CultureInfo.InvariantCulture);

    private async IAsyncEnumerable<Dictionary<string, AttributeValue>> QueryAsync(
        QueryRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        do
        {
            var page = await CallAsync(() => client.QueryAsync(request, cancellationToken), cancellationToken);
            foreach (var item in page.Items ?? [])
                yield return item;
            request.ExclusiveStartKey = page.LastEvaluatedKey;
        }
        while (request.ExclusiveStartKey is { Count: > 0 });
    }

    private async Task<Dictionary<string, AttributeValue>?> GetAsync(string pk, string sk, CancellationToken cancellationToken)
    {
        var response = await CallAsync(
            () => client.GetItemAsync(new GetItemRequest { TableName = table, Key = Key(pk, sk), ConsistentRead = true }, cancellationToken),
            cancellationToken);
        return response.Item is { Count: > 0 } item ? item : null;
    }

    private static Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken) =>
        DynamoDb.CallAsync("The users table", call, cancellationToken);
}
