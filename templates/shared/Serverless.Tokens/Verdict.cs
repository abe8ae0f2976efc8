using System.Globalization;
using System.Text.Json;

namespace Serverless.Tokens;

/// <summary>What the verifier makes of a token: it is one of the two below.</summary>
public abstract record Verdict;

/// <summary>The token is good.</summary>
/// <param name="Subject">Whom it was given to, as <see cref="TokenRules.UserOf"/> makes it from the claim <c>sub</c>.</param>
/// <param name="UserName">The claim <c>username</c> of an access token, <c>cognito:username</c> of an id token.</param>
/// <param name="Groups">The claim <c>cognito:groups</c>.</param>
/// <param name="Scopes">The claim <c>scope</c>.</param>
/// <param name="Expires">The claim <c>exp</c>.</param>
public sealed record Admitted(
    string Subject, string? UserName, IReadOnlyList<string> Groups, IReadOnlyList<string> Scopes, DateTimeOffset Expires) : Verdict
{
    /// <summary>
    /// What the API hands on to its functions, and <see cref="Caller.FromContext"/> reads: flat strings, because API Gateway takes
    /// no other.
    /// </summary>
    public Dictionary<string, string> ToContext()
    {
        var context = new Dictionary<string, string>
        {
            ["sub"] = Subject,
            ["exp"] = Expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        };
        if (UserName is not null)
            context["username"] = UserName;
        if (Groups.Count > 0)
            context["groups"] = JsonSerializer.Serialize(Groups, TokenJson.Default.IReadOnlyListString);
        if (Scopes.Count > 0)
            context["scopes"] = string.Join(' ', Scopes);
        return context;
    }
}

/// <summary>The token is refused.</summary>
/// <param name="Reason">Why, in one word for the log and the tests. A client is not told.</param>
/// <param name="KeyId">The key that the token names, as far as it could be read.</param>
/// <param name="Subject">Whom the token names; only told of tokens whose signature is good.</param>
public sealed record Denied(string Reason, string? KeyId = null, string? Subject = null) : Verdict;
