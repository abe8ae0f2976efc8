using System.Security.Cryptography;
using System.Text;

namespace Serverless.Tokens;

/// <summary>Which tokens are let in.</summary>
public sealed record TokenRules
{
    /// <summary>
    /// The issuers that are trusted, each with its own keys. A key of one says nothing about a token of another, and neither does a
    /// <c>sub</c>: <see cref="UserOf"/> keeps them apart. The first is the one whose users are known by their <c>sub</c> alone.
    /// </summary>
    public required IReadOnlyList<TokenIssuer> Issuers { get; init; }

    /// <summary>
    /// The app clients, or for an issuer other than Cognito the audiences. Cognito's access tokens name theirs in
    /// <c>client_id</c>, all others in <c>aud</c>.
    /// </summary>
    public required IReadOnlySet<string> Clients { get; init; }

    /// <summary>The use that a token must name; one that is named counts in any case.</summary>
    public required TokenUse Use { get; init; }

    /// <summary>The scopes that a token must hold, all of them.</summary>
    public IReadOnlySet<string> Scopes { get; init; } = new HashSet<string>();

    /// <summary>The groups of which a token must name one; empty: none is asked for.</summary>
    public IReadOnlySet<string> Groups { get; init; } = new HashSet<string>();

    /// <summary>
    /// The identifier of a user, unique over all issuers: the <c>sub</c> for the first issuer, <c>&lt;hash of the issuer&gt;:&lt;sub&gt;</c>
    /// for the others. The hash is the first 16 hexadecimal digits of the SHA-256 of the issuer's URL.
    /// </summary>
    public string UserOf(string issuer, string subject) =>
        issuer == Issuers[0].Name ? subject : $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(issuer)))[..16]}:{subject}";

    /// <summary>By how much the clocks of issuer and service may differ.</summary>
    public static TimeSpan ClockSkew { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads the rules from settings.</summary>
    /// <param name="setting">Gives a setting's text by its name: the environment on Lambda, the configuration on Kestrel.</param>
    /// <remarks>
    /// <c>TOKEN_ISSUERS</c>: separated by commas, each the issuer's URL as tokens name it and, after a space, the URL of its keys if
    /// that is not <c>&lt;issuer&gt;/.well-known/jwks.json</c>. <c>TOKEN_CLIENTS</c>: separated by commas. <c>TOKEN_USE</c>:
    /// <c>access</c>, <c>id</c>, or <c>any</c>, <c>access</c> too for issuers that name no use. <c>TOKEN_SCOPES</c> and <c>TOKEN_GROUPS</c>:
    /// separated by commas, may be empty.
    /// </remarks>
    /// <exception cref="SettingException">A setting is missing or not of the form expected.</exception>
    public static TokenRules From(Func<string, string?> setting)
    {
        return new TokenRules
        {
            Issuers = [.. Required("TOKEN_ISSUERS", "the issuers' URLs, separated by commas").Select(TokenIssuer.Parse)],
            Clients = Required("TOKEN_CLIENTS", "app client identifiers, separated by commas").ToHashSet(StringComparer.Ordinal),
            Use = setting("TOKEN_USE") switch
            {
                "access" => TokenUse.Access,
                "id" => TokenUse.Id,
                "any" => TokenUse.Any,
                var other => throw new SettingException($"The setting TOKEN_USE is \"{other}\"; expected is access, id or any."),
            },
            Scopes = Optional("TOKEN_SCOPES").ToHashSet(StringComparer.Ordinal),
            Groups = Optional("TOKEN_GROUPS").ToHashSet(StringComparer.Ordinal),
        };

        string[] Optional(string name) =>
            (setting(name) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        string[] Required(string name, string expected) => Optional(name) is { Length: > 0 } values
            ? values
            : throw new SettingException($"The setting {name} is missing; expected are {expected}.");
    }
}

/// <summary>What a token is for: the claim <c>token_use</c> of Cognito.</summary>
public enum TokenUse
{
    /// <summary>To call an API.</summary>
    Access,

    /// <summary>To tell an app who signed in.</summary>
    Id,

    /// <summary>To call an API, or not said: the issuer is none of Cognito's, and the audience alone tells its tokens apart.</summary>
    Any,
}

/// <summary>An issuer, and where its keys are.</summary>
/// <param name="Name">Its URL, exactly as tokens name it.</param>
/// <param name="Keys">Where it publishes its JSON Web Key Set.</param>
public sealed record TokenIssuer(string Name, Uri Keys)
{
    /// <summary>Reads <c>&lt;issuer&gt;[ &lt;URL of the keys&gt;]</c>.</summary>
    public static TokenIssuer Parse(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var keys = parts.Length > 1 ? parts[1] : $"{parts[0].TrimEnd('/')}/.well-known/jwks.json";
        return parts.Length <= 2 && IsHttp(parts[0]) && Uri.TryCreate(keys, UriKind.Absolute, out var uri) && IsHttp(keys)
            ? new TokenIssuer(parts[0], uri)
            : throw new SettingException(
                $"The setting TOKEN_ISSUERS holds \"{text}\"; expected is https://<issuer>, or https://<issuer> https://<its keys>.");
    }

    // Without TLS only on this machine, where the emulator is.
    private static bool IsHttp(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));
}
