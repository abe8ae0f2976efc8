using System.Globalization;
using System.Text.Json;

namespace Serverless;

/// <summary>
/// Whom the authorizer let in. An answer of the authorizer is cached and then serves every route, so it says who is there; what
/// a route asks for beyond that, its function checks.
/// </summary>
/// <param name="Sub">The user's identifier, for good: e-mail addresses and names change.</param>
public sealed record Caller(string Sub)
{
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>The user's name in the pool; null for other issuers.</summary>
    public string? UserName { get; init; }

    /// <summary>The pool's groups that the token names.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>The OAuth scopes that the token holds.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>When the token ends; null if no token was used but AWS credentials.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>The identity pool's identifier; null if no identity pool took part.</summary>
    public string? IdentityId { get; init; }

    /// <summary>Whether the token has ended meanwhile: a cached answer of the authorizer may outlive it.</summary>
    public bool HasExpired(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return Expires + ClockSkew <= time.GetUtcNow();
    }

    /// <summary>Reads the context of a Lambda authorizer.</summary>
    /// <param name="context">
    /// Flat strings: <c>sub</c>, <c>username</c>, <c>groups</c> (a JSON array, since a name may hold any character), <c>scopes</c>
    /// (separated by spaces) and <c>exp</c> (seconds since 1970).
    /// </param>
    /// <returns>The caller, or null if the context names nobody.</returns>
    public static Caller? FromContext(IReadOnlyDictionary<string, string> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.TryGetValue("sub", out var sub) && sub.Length > 0
            ? new Caller(sub)
            {
                UserName = context.GetValueOrDefault("username"),
                Groups = ReadArray(context.GetValueOrDefault("groups")),
                Scopes = Split(context.GetValueOrDefault("scopes")),
                Expires = ReadTime(context.GetValueOrDefault("exp")),
            }
            : null;
    }

    /// <summary>Reads the claims as the API's built-in JWT authorizer hands them on: every value a string, an array as <c>[a b]</c>.</summary>
    /// <returns>The caller, or null if the claims name nobody.</returns>
    public static Caller? FromClaims(IReadOnlyDictionary<string, string> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        return claims.TryGetValue("sub", out var sub) && sub.Length > 0
            ? new Caller(sub)
            {
                UserName = claims.GetValueOrDefault("username"),
                Groups = Split(claims.GetValueOrDefault("cognito:groups")?.Trim('[', ']')),
                Scopes = Split(claims.GetValueOrDefault("scope")),
                Expires = ReadTime(claims.GetValueOrDefault("exp")),
            }
            : null;
    }

    /// <summary>Reads what IAM knows of a caller that comes with credentials of an identity pool.</summary>
    /// <param name="identityId">The identity pool's identifier.</param>
    /// <param name="authenticationMethods">
    /// The <c>amr</c>; for a user of a user pool one entry reads <c>cognito-idp.…/&lt;pool&gt;:CognitoSignIn:&lt;sub&gt;</c>.
    /// </param>
    /// <returns>The caller, or null if no user of a user pool is named.</returns>
    public static Caller? FromIdentityPool(string? identityId, IReadOnlyList<string>? authenticationMethods)
    {
        const string SignIn = ":CognitoSignIn:";
        foreach (var method in authenticationMethods ?? [])
        {
            var at = method.LastIndexOf(SignIn, StringComparison.Ordinal);
            if (at >= 0 && at + SignIn.Length < method.Length)
                return new Caller(method[(at + SignIn.Length)..]) { IdentityId = identityId };
        }

        return null;
    }

    private static string[] Split(string? text) =>
        text is null ? [] : text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static List<string> ReadArray(string? json)
    {
        if (string.IsNullOrEmpty(json))
            return [];
        using var document = JsonDocument.Parse(json);
        var values = new List<string>(document.RootElement.GetArrayLength());
        foreach (var element in document.RootElement.EnumerateArray())
            values.Add(element.GetString() ?? "");
        return values;
    }

    private static DateTimeOffset? ReadTime(string? seconds) =>
        double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is >= 0 and < 253402300800
            ? DateTimeOffset.FromUnixTimeSeconds((long)value)
            : null;
}
