using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Serverless.Tokens;

/// <summary>
/// What a token claims. Nothing here is proved until the signature is verified.
/// </summary>
/// <remarks>
/// Read strictly: a claim that is used must have its own JSON type, no member may occur twice, and one token has one spelling. A claim
/// that is <c>null</c> counts as missing; claims that are not used may hold anything.
/// </remarks>
internal sealed record TokenClaims
{
    // RFC 7519, NumericDate: seconds since 1970. The last second that a DateTimeOffset can hold.
    private const double MaxTime = 253402300799;

    private static readonly SearchValues<char> Base64UrlCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>The header <c>alg</c>.</summary>
    public string? Algorithm { get; private init; }

    /// <summary>The header <c>kid</c>.</summary>
    public string? KeyId { get; private init; }

    /// <summary>Whether the header has <c>crit</c>: extensions that the reader must understand.</summary>
    public bool HasCriticalExtension { get; private init; }

    /// <summary>The claim <c>iss</c>.</summary>
    public string? Issuer { get; private init; }

    /// <summary>The claim <c>sub</c>.</summary>
    public string? Subject { get; private init; }

    /// <summary>The claim <c>aud</c>, one or several.</summary>
    public IReadOnlyList<string> Audiences { get; private init; } = [];

    /// <summary>The claim <c>client_id</c>.</summary>
    public string? Client { get; private init; }

    /// <summary>The claim <c>token_use</c> of Cognito.</summary>
    public string? Use { get; private init; }

    /// <summary>The claim <c>scope</c>, separated by spaces.</summary>
    public IReadOnlyList<string> Scopes { get; private init; } = [];

    /// <summary>The claim <c>cognito:groups</c>; one group may be a string.</summary>
    public IReadOnlyList<string> Groups { get; private init; } = [];

    /// <summary>The claim <c>username</c> of an access token, <c>cognito:username</c> of an id token.</summary>
    public string? UserName { get; private init; }

    /// <summary>The claim <c>email</c>, if <c>email_verified</c> is true.</summary>
    public string? Email { get; private init; }

    /// <summary>The claim <c>exp</c>; null if it is missing or no date can hold it.</summary>
    public DateTimeOffset? Expires { get; private init; }

    /// <summary>The claim <c>nbf</c>.</summary>
    public DateTimeOffset? NotBefore { get; private init; }

    /// <summary>The claim <c>iat</c>.</summary>
    public DateTimeOffset? IssuedAt { get; private init; }

    /// <summary>Reads a token.</summary>
    /// <returns>The claims, or null if the text is not a token of the form expected.</returns>
    public static TokenClaims? Read(string text)
    {
        if (text.AsSpan().ContainsAnyExcept(Base64UrlCharacters))
            return null;
        var parts = text.Split('.');
        if (parts.Length != 3 || Decode(parts[0]) is not { } header || Decode(parts[1]) is not { } payload || Decode(parts[2]) is null)
            return null;
        try
        {
            using var head = JsonDocument.Parse(header, Strict);
            using var body = JsonDocument.Parse(payload, Strict);
            return Read(head.RootElement, body.RootElement);
        }
        // A JSON text that is not well-formed, a member of another type, a text that is not Unicode.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static TokenClaims Read(JsonElement header, JsonElement claims) => new()
    {
        Algorithm = Text(header, "alg"),
        KeyId = Text(header, "kid"),
        HasCriticalExtension = header.TryGetProperty("crit", out _),
        Issuer = Text(claims, "iss"),
        Subject = Text(claims, "sub"),
        Audiences = Texts(claims, "aud"),
        Client = Text(claims, "client_id"),
        Use = Text(claims, "token_use"),
        Scopes = Text(claims, "scope")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [],
        Groups = Texts(claims, "cognito:groups"),
        UserName = Text(claims, "username") ?? Text(claims, "cognito:username"),
        Email = claims.TryGetProperty("email_verified", out var verified) && verified.ValueKind == JsonValueKind.True ? Text(claims, "email") : null,
        Expires = Time(claims, "exp"),
        NotBefore = Time(claims, "nbf"),
        IssuedAt = Time(claims, "iat"),
    };

    private static string? Text(JsonElement members, string name) => Member(members, name)?.GetString();

    private static IReadOnlyList<string> Texts(JsonElement members, string name) => Member(members, name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } several => [.. several.EnumerateArray().Select(one => one.GetString() ?? throw new JsonException($"The claim {name} holds null."))],
        { } one => [one.GetString()!],
    };

    private static DateTimeOffset? Time(JsonElement members, string name) => Member(members, name)?.GetDouble() switch
    {
        null => null,
        >= 0 and <= MaxTime and var seconds => DateTimeOffset.UnixEpoch.AddSeconds(seconds),
        // A time that no date can hold: an end that does not count as one, a beginning that never comes.
        _ => name == "exp" ? null : DateTimeOffset.MaxValue,
    };

    private static JsonElement? Member(JsonElement members, string name) =>
        members.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : null;

    // One text for one token: a lenient reader also takes '+' for '-', padding, and other last bits, so that a changed token passes for
    // the one that was signed.
    private static byte[]? Decode(string part)
    {
        try
        {
            var bytes = Base64Url.DecodeFromChars(part);
            return Base64Url.EncodeToString(bytes) == part ? bytes : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
