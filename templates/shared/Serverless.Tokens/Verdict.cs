using System.Globalization;

namespace Serverless.Tokens;

/// <summary>What the verifier makes of a token: one of the three below.</summary>
public abstract record Verdict;

/// <summary>The token is good.</summary>
/// <param name="Subject">The user it was given to, as <see cref="TokenRules.UserOf"/> makes it from the claim <c>sub</c>.</param>
/// <param name="UserName">The claim <c>username</c> of an access token, <c>cognito:username</c> of an id token.</param>
/// <param name="Email">The claim <c>email</c>, if it is verified.</param>
/// <param name="Groups">The claim <c>cognito:groups</c>.</param>
/// <param name="Scopes">The claim <c>scope</c>.</param>
/// <param name="Expires">The claim <c>exp</c>.</param>
public sealed record Admitted(
    string Subject, string? UserName, string? Email, IReadOnlyList<string> Groups, IReadOnlyList<string> Scopes, DateTimeOffset Expires) : Verdict
{
    /// <summary>
    /// What the API hands on to its functions, and <see cref="Caller.FromContext"/> reads: flat strings, because API Gateway takes no
    /// others. Each text is percent-encoded (RFC 3986): a quote or a backslash in a value is reported to break answers that API Gateway
    /// has cached (https://github.com/mantil-io/mantil/issues/52), and a group's name may hold any character.
    /// </summary>
    public Dictionary<string, string> ToContext()
    {
        var context = new Dictionary<string, string>
        {
            ["sub"] = Uri.EscapeDataString(Subject),
            ["exp"] = Expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        };
        if (UserName is not null)
            context["username"] = Uri.EscapeDataString(UserName);
        if (Email is not null)
            context["email"] = Uri.EscapeDataString(Email);
        if (Groups.Count > 0)
            context["groups"] = string.Join(' ', Groups.Select(Uri.EscapeDataString));
        if (Scopes.Count > 0)
            context["scopes"] = string.Join(' ', Scopes.Select(Uri.EscapeDataString));
        return context;
    }
}

/// <summary>The token is refused.</summary>
/// <param name="Reason">The reason in one word, for the log and the tests. The client is not told.</param>
/// <param name="KeyId">The key that the token names, if it could be read.</param>
/// <param name="Subject">The user that the token names, only if its signature is good.</param>
public sealed record Denied(string Reason, string? KeyId = null, string? Subject = null) : Verdict;

/// <summary>
/// The token's key is not listed by the issuer yet. The client should try again in a few seconds: <see cref="SigningKeys"/> has the rule.
/// </summary>
/// <param name="KeyId">The key that the token names.</param>
public sealed record Undecided(string KeyId) : Verdict;
