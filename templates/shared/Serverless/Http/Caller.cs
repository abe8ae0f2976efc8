using System.Globalization;

namespace Serverless;

/// <summary>
/// The user that the authorizer let in. Its answer is cached and serves every route, so it only says who is calling; what a route asks
/// for beyond that is checked by its function.
/// </summary>
/// <param name="Sub">The user's identifier, which never changes; e-mail addresses and names do.</param>
public sealed record Caller(string Sub)
{
    /// <summary>The longest identifier of a user, in characters, wherever one is read.</summary>
    public const int MaxSubLength = 128;

    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>The user's name in the pool; null for other issuers.</summary>
    public string? UserName { get; init; }

    /// <summary>The user's e-mail address, if the token says that it is verified.</summary>
    public string? Email { get; init; }

    /// <summary>The pool's groups that the token names.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>The OAuth scopes that the token holds.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>When the token ends; null if no token was used but AWS credentials.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>The identity pool's identifier; null if no identity pool took part.</summary>
    public string? IdentityId { get; init; }

    /// <summary>Whether the token has expired: a cached answer of the authorizer may outlive it.</summary>
    public bool HasExpired(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        // A date at the end of time takes no addition.
        return Expires <= time.GetUtcNow() - ClockSkew;
    }

    /// <summary>Reads the context of a Lambda authorizer.</summary>
    /// <param name="context">
    /// <c>sub</c>, <c>username</c>, <c>email</c>, <c>groups</c> and <c>scopes</c> (each separated by spaces), all percent-encoded, and
    /// <c>exp</c>, in seconds since 1970.
    /// </param>
    /// <returns>The caller, or null if the context names nobody or no expiry.</returns>
    public static Caller? FromContext(IReadOnlyDictionary<string, string> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Of(Decode(context.GetValueOrDefault("sub")), context.GetValueOrDefault("exp")) is { } caller
            ? caller with
            {
                UserName = Decode(context.GetValueOrDefault("username")),
                Email = Decode(context.GetValueOrDefault("email")),
                Groups = [.. Split(context.GetValueOrDefault("groups")).Select(Uri.UnescapeDataString)],
                Scopes = [.. Split(context.GetValueOrDefault("scopes")).Select(Uri.UnescapeDataString)],
            }
            : null;
    }

    /// <summary>Reads the claims as the API's built-in JWT authorizer hands them on: every value a string, an array as <c>[a b]</c>.</summary>
    /// <returns>The caller, or null if the claims name nobody or no expiry.</returns>
    public static Caller? FromClaims(IReadOnlyDictionary<string, string> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        return Of(claims.GetValueOrDefault("sub"), claims.GetValueOrDefault("exp")) is { } caller
            ? caller with
            {
                UserName = claims.GetValueOrDefault("username"),
                Email = claims.GetValueOrDefault("email_verified") == "true" ? claims.GetValueOrDefault("email") : null,
                Groups = Split(claims.GetValueOrDefault("cognito:groups")?.Trim('[', ']')),
                Scopes = Split(claims.GetValueOrDefault("scope")),
            }
            : null;
    }

    /// <summary>Reads what IAM knows of a caller that comes with credentials of an identity pool.</summary>
    /// <param name="identityId">The identity pool's identifier.</param>
    /// <param name="authenticationMethods">
    /// The <c>amr</c>; for a user of a user pool one entry reads <c>&lt;user pool&gt;:CognitoSignIn:&lt;sub&gt;</c>.
    /// </param>
    /// <param name="userPools">
    /// The user pools whose users are known here, each as <c>cognito-idp.&lt;region&gt;.amazonaws.com/&lt;pool&gt;</c>: another pool may
    /// give another person the same <c>sub</c>.
    /// </param>
    /// <returns>The caller, or null if no user of these pools is named.</returns>
    public static Caller? FromIdentityPool(string? identityId, IEnumerable<string?>? authenticationMethods, IReadOnlyCollection<string> userPools)
    {
        ArgumentNullException.ThrowIfNull(userPools);
        foreach (var method in authenticationMethods ?? [])
        {
            // A user pool's name holds no colon, and a sub may.
            if (method?.Split(':', 3) is [var pool, "CognitoSignIn", { Length: > 0 and <= MaxSubLength } sub] && userPools.Contains(pool))
                return new Caller(sub) { IdentityId = identityId };
        }

        return null;
    }

    private static Caller? Of(string? sub, string? expires) =>
        sub is { Length: > 0 and <= MaxSubLength } && ReadTime(expires) is { } time ? new Caller(sub) { Expires = time } : null;

    private static string? Decode(string? text) => text is null ? null : Uri.UnescapeDataString(text);

    private static string[] Split(string? text) =>
        text is null ? [] : text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static DateTimeOffset? ReadTime(string? seconds) =>
        double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 253402300799
            ? DateTimeOffset.FromUnixTimeSeconds((long)value)
            : null;
}
