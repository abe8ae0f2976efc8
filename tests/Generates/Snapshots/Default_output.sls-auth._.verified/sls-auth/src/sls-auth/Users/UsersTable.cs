using System.Globalization;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Serverless;

namespace sls_auth.Users;

/// <summary>
/// Users, teams and memberships, in one DynamoDB table. Everything about one user lies under one key: one query
/// tells it, and one row what the user may do in one team:
/// <list type="table">
/// <item><term><c>USER#&lt;sub&gt;</c> / <c>PROFILE</c></term><description>email, createdAt</description></item>
/// <item><term><c>USER#&lt;sub&gt;</c> / <c>TEAM#&lt;id&gt;</c></term><description>role, extra permissions, version</description></item>
/// <item><term><c>TEAM#&lt;id&gt;</c> / <c>META</c></term><description>name, createdAt, admins, version, the last change</description></item>
/// </list>
/// The index <c>gsi1</c> turns the memberships around: <c>TEAM#&lt;id&gt;</c> / <c>USER#&lt;sub&gt;</c>.
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

    /// <summary>
    /// Makes the user's row, if there is none; what stands in it already stays, except that a missing e-mail address is added.
    /// </summary>
    /// <returns>Whether there was none.</returns>
    public async Task<bool> CreateUserAsync(string sub, string? email, CancellationToken cancellationToken)
    {
        var request = new UpdateItemRequest
        {
            TableName = table,
            Key = Key(UserKey(sub), Profile),
            UpdateExpression = "SET createdAt = if_not_exists(createdAt, :now)",
            ExpressionAttributeValues = new() { [":now"] = Text(Now()) },
            ReturnValues = ReturnValue.ALL_OLD,
        };
        if (!string.IsNullOrEmpty(email))
        {
            request.UpdateExpression += ", email = if_not_exists(email, :email)";
            request.ExpressionAttributeValues[":email"] = Text(email);
        }

        var response = await CallAsync(() => client.UpdateItemAsync(request, cancellationToken), cancellationToken);
        return response.Attributes is not { Count: > 0 };
    }

    /// <summary>A user with their teams, by one query. Others say which teams someone is in, so no more than 100 are told.</summary>
    /// <returns>The user, or null if there is no row.</returns>
    public async Task<User?> FindUserAsync(string sub, CancellationToken cancellationToken)
    {
        Dictionary<string, AttributeValue>? profile = null;
        var memberships = new List<Membership>();
        await foreach (var item in QueryAsync(
            new QueryRequest
            {
                TableName = table,
                KeyConditionExpression = "pk = :pk",
                ExpressionAttributeValues = new() { [":pk"] = Text(UserKey(sub)) },
                ConsistentRead = true,
                Limit = MaxTeamsTold + 1,
            },
            cancellationToken))
        {
            // The profile comes before the teams, as PROFILE does before TEAM#.
            if (item["sk"].S == Profile)
                profile = item;
            else if (ReadMembership(item) is { } membership)
                memberships.Add(membership);
            if (profile is null || memberships.Count == MaxTeamsTold)
                break;
        }

        return profile is null ? null : new User(
            sub,
            profile.GetValueOrDefault("email")?.S,
            ReadTime(profile["createdAt"]),
            memberships);
    }

    /// <summary>
    /// The caller's row, made now if it is missing: the trigger may have failed, and a user that an administrator made never
    /// passes it.
    /// </summary>
    public async Task<User> FindOrCreateUserAsync(Caller caller, CancellationToken cancellationToken)
    {
        if (await FindUserAsync(caller.Sub, cancellationToken) is { } user)
            return user;
        await CreateUserAsync(caller.Sub, null, cancellationToken);
        return await FindUserAsync(caller.Sub, cancellationToken)
            ?? throw new InvalidOperationException("The user's row is not there after it was made.");
    }

    /// <summary>Lets the caller on if they may do this in that team, by reading one row.</summary>
    /// <returns>The caller's place in the team.</returns>
    /// <exception cref="ProblemException">403: they may not. Whether the team exists is not told.</exception>
    public async Task<Membership> RequirePermissionAsync(Caller caller, string teamId, string permission, CancellationToken cancellationToken)
    {
        var row = await GetAsync(UserKey(caller.Sub), TeamKey(teamId), cancellationToken);
        return row is not null && ReadMembership(row) is { } membership && membership.May(permission)
            ? membership
            : throw await RefuseAsync(caller, permission, cancellationToken);
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
    private const int MaxTeamsTold = 100;

    // Who may not may be one whose row is missing: the first request makes it, whatever it asks for.
    private async Task<ProblemException> RefuseAsync(Caller caller, string permission, CancellationToken cancellationToken)
    {
        await FindOrCreateUserAsync(caller, cancellationToken);
        return new ProblemException(403, "not_permitted", $"This needs the permission {permission} in the team, which the caller does not have.");
    }

    private static string UserKey(string sub) => $"USER#{sub}";

    private static Dictionary<string, AttributeValue> Key(string pk, string sk) => new() { ["pk"] = Text(pk), ["sk"] = Text(sk) };

    private static AttributeValue Text(string value) => new() { S = value };

    private static AttributeValue Number(long value) => new() { N = value.ToString(CultureInfo.InvariantCulture) };

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
