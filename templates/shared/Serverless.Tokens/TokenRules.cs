using System.Buffers;
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
    /// Whether tokens are judged as the HTTP API's built-in authorizer judges them: also without the word Bearer, by <c>aud</c> and, only
    /// if that is missing, by <c>client_id</c>, and whatever their use.
    /// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
    /// </summary>
    public bool AsBuiltIn { get; init; }

    /// <summary>
    /// The identifier of a user, unique over all issuers: the <c>sub</c> for the first issuer, <c>&lt;hash of the issuer&gt;:&lt;sub&gt;</c>
    /// for the others. The hash is the first 16 hexadecimal digits of the SHA-256 of the issuer's URL, without a slash at its end.
    /// </summary>
    public string UserOf(string issuer, string subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        var name = TokenIssuer.WithoutSlash(issuer);
        return name == Issuers[0].Name && !HasHash(subject)
            ? subject
            : $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..HashLength]}:{subject}";
    }

    private const int HashLength = 16;

    private static readonly SearchValues<char> HashDigits = SearchValues.Create("0123456789abcdef");

    // A sub of the first issuer that is written like a user of another one gets the hash of its own issuer in front.
    private static bool HasHash(string subject) =>
        subject.Length > HashLength && subject[HashLength] == ':' && !subject.AsSpan(0, HashLength).ContainsAnyExcept(HashDigits);

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
                null or "" => throw new SettingException("The setting TOKEN_USE is missing. It must be access, id or any."),
                var other => throw new SettingException($"The setting TOKEN_USE is \"{other}\". It must be access, id or any."),
            },
            Scopes = Optional("TOKEN_SCOPES").ToHashSet(StringComparer.Ordinal),
            Groups = Optional("TOKEN_GROUPS").ToHashSet(StringComparer.Ordinal),
        };

        string[] Optional(string name) =>
            (setting(name) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        string[] Required(string name, string expected) => Optional(name) is { Length: > 0 } values
            ? values
            : throw new SettingException($"The setting {name} is missing. It must hold {expected}.");
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

/// <summary>An issuer, and the address of its keys.</summary>
/// <param name="Name">Its URL as tokens name it, without a slash at its end: a token may be written with one or without.</param>
/// <param name="Keys">Where it publishes its JSON Web Key Set.</param>
public sealed record TokenIssuer(string Name, Uri Keys)
{
    /// <summary>Reads <c>&lt;issuer&gt;[ &lt;URL of the keys&gt;]</c>.</summary>
    /// <exception cref="SettingException">The text has another form.</exception>
    public static TokenIssuer Parse(string text)
    {
        const string Expected = "Expected https://<issuer>, or https://<issuer> https://<its keys>.";
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is 0 or > 2 || ReadUrl(parts[0]) is not { } issuer || (parts.Length == 2 && ReadUrl(parts[1]) is null))
            throw new SettingException($"The setting TOKEN_ISSUERS holds \"{text}\". {Expected}");

        // Tokens name their issuer letter by letter, so a second spelling of a URL would deny all of them.
        var name = WithoutSlash(parts[0]);
        if (WithoutSlash(issuer.AbsoluteUri) != name || issuer.Query.Length + issuer.Fragment.Length > 0)
            throw new SettingException($"The setting TOKEN_ISSUERS holds \"{parts[0]}\". Write the URL as tokens name it: {WithoutSlash(issuer.GetLeftPart(UriPartial.Path))}.");
        return new TokenIssuer(name, new Uri(parts.Length == 2 ? parts[1] : $"{name}/.well-known/jwks.json"));
    }

    /// <summary>A URL without one slash at its end.</summary>
    public static string WithoutSlash(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return url.EndsWith('/') ? url[..^1] : url;
    }

    // Without TLS only on this machine, where the emulator is.
    private static Uri? ReadUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)) ? uri : null;
}
