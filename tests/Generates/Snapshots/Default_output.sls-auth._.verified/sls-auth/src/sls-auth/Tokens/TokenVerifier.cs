using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Serverless.Tokens;

/// <summary>
/// Decides whether a bearer of a token is let in. A bad token is denied with a reason; what keeps the verifier from deciding
/// (the keys cannot be fetched) is thrown, because API Gateway would cache a denial.
/// </summary>
internal sealed class TokenVerifier : IDisposable
{
    /// <summary>The longest token that is looked at. API Gateway takes 10,240 bytes of headers in all.</summary>
    public const int MaxTokenLength = 8 * 1024;

    private static readonly SearchValues<char> Base64UrlCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    private readonly JsonWebTokenHandler handler = new() { MaximumTokenSizeInBytes = MaxTokenLength };
    private readonly Dictionary<string, SigningKeys> keys = new(StringComparer.Ordinal);
    private readonly TokenRules rules;
    private readonly TimeProvider time;
    private readonly HttpClient http;

    /// <summary>A verifier with the keys of every issuer, not yet fetched.</summary>
    public TokenVerifier(TokenRules rules, TimeProvider time)
    {
        this.rules = rules;
        this.time = time;
        http = new HttpClient(new Trace.Handler(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }))
        {
            Timeout = TimeSpan.FromSeconds(3),
            MaxResponseContentBufferSize = 256 * 1024,
        };
        foreach (var issuer in rules.Issuers)
            keys[issuer.Name] = new SigningKeys(issuer.Keys, http, time);
    }

    /// <summary>Fetches every issuer's keys before the first token comes. Never fails: one dead issuer must not stop the others.</summary>
    public Task PrefetchAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(keys.Values.Select(issuer => issuer.PrefetchAsync(cancellationToken)));

    /// <summary>Whether any issuer's keys are there, or can be fetched: the users of one must not wait for another.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken) =>
        (await Task.WhenAll(keys.Values.Select(issuer => issuer.AreReadyAsync(cancellationToken)))).Any(ready => ready);

    /// <summary>Verifies the value of the header <c>Authorization</c>; null if there is none.</summary>
    /// <exception cref="DependencyException">The keys are needed and cannot be fetched.</exception>
    public async Task<Verdict> VerifyAsync(string? authorization, CancellationToken cancellationToken)
    {
        const string Scheme = "Bearer ";
        if (string.IsNullOrEmpty(authorization))
            return new Denied("no_token");

        // API Gateway joins headers of the same name by a comma, which no token holds.
        if (authorization.Contains(','))
            return new Denied("duplicate_header");
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return new Denied("not_bearer");
        var text = authorization[Scheme.Length..];
        if (text.Length > MaxTokenLength)
            return new Denied("token_too_large");
        return ReadToken(text) is { } token ? await VerifyAsync(token, cancellationToken) : new Denied("malformed");
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<Verdict> VerifyAsync(JsonWebToken token, CancellationToken cancellationToken)
    {
        var keyId = token.Kid is { Length: > 0 and <= 128 } ? token.Kid : null;

        // One algorithm, pinned before a key is touched: 'none' and a public key taken for an HMAC secret end here.
        if (token.Alg != SecurityAlgorithms.RsaSha256)
            return new Denied("wrong_algorithm", keyId);

        // RFC 7515, 4.1.11: who does not understand a critical extension must refuse it.
        if (token.TryGetHeaderValue<object>("crit", out _))
            return new Denied("unknown_extension", keyId);
        if (keyId is null)
            return new Denied("no_key_id");
        if (!keys.TryGetValue(token.Issuer, out var issuer))
            return new Denied("wrong_issuer", keyId);
        var key = await issuer.FindAsync(keyId, cancellationToken);
        if (key is null)
            return new Denied("unknown_key", keyId);
        if (key.Kty != JsonWebAlgorithmsKeyTypes.RSA || key.Alg is not (null or SecurityAlgorithms.RsaSha256))
            return new Denied("wrong_key_algorithm", keyId);

        var result = await handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKey = key,
            TryAllIssuerSigningKeys = false,
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
            ValidIssuer = token.Issuer,
            RequireSignedTokens = true,
            // Cognito's access tokens have no audience, and the library's clock cannot be set: both are checked below.
            ValidateAudience = false,
            ValidateLifetime = false,
        });
        return result.IsValid ? CheckClaims(token, keyId) : new Denied("bad_signature", keyId);
    }

    private Verdict CheckClaims(JsonWebToken token, string keyId)
    {
        var now = time.GetUtcNow();
        var subject = token.TryGetPayloadValue<string>("sub", out var sub) && sub is { Length: > 0 and <= 256 } ? sub : null;
        if (subject is null)
            return new Denied("no_subject", keyId);
        if (ReadTime(token, "exp") is not { } expires)
            return new Denied("no_expiry", keyId, subject);
        if (expires + TokenRules.ClockSkew <= now)
            return new Denied("expired", keyId, subject);
        if (token.TryGetPayloadValue<object>("nbf", out _) && (ReadTime(token, "nbf") is not { } notBefore || now + TokenRules.ClockSkew < notBefore))
            return new Denied("not_yet_valid", keyId, subject);

        var use = token.TryGetPayloadValue<object>("token_use", out var named) ? named as string ?? "" : null;
        if (!(use is null ? rules.Use == TokenUse.Any : use == (rules.Use == TokenUse.Id ? "id" : "access")))
            return new Denied("wrong_use", keyId, subject);
        var client = use == "access"
            ? ReadText(token, "client_id") is { } id && rules.Clients.Contains(id)
            : token.Audiences.Any(rules.Clients.Contains);
        if (!client)
            return new Denied("wrong_client", keyId, subject);

        var scopes = ReadText(token, "scope")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (!rules.Scopes.IsSubsetOf(scopes))
            return new Denied("missing_scope", keyId, subject);
        var groups = ReadGroups(token);
        if (rules.Groups.Count > 0 && !rules.Groups.Overlaps(groups))
            return new Denied("missing_group", keyId, subject);

        return new Admitted(rules.UserOf(token.Issuer, subject), ReadText(token, "username") ?? ReadText(token, "cognito:username"), groups, scopes, expires);
    }

    /// <summary>
    /// Reads the token's form, strictly: one text for one token. A lenient reader of Base64Url also takes '+' for '-', and padding, so
    /// that a changed token passes for the one that was signed.
    /// </summary>
    private static JsonWebToken? ReadToken(string text)
    {
        if (text.AsSpan().ContainsAnyExcept(Base64UrlCharacters) || text.AsSpan().Count('.') != 2)
            return null;
        try
        {
            var token = new JsonWebToken(text);
            // The library reads claims when they are asked for; those that every check stands on are read here.
            _ = (token.Alg, token.Kid, token.Issuer, token.Audiences);
            return token;
        }
#pragma warning disable CA1031 // Whatever a text does to its reader, it is not a token.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    // RFC 7519: seconds since 1970, a number, maybe with a fraction.
    private static DateTimeOffset? ReadTime(JsonWebToken token, string claim) =>
        token.TryGetPayloadValue<object>(claim, out var value)
            && value is int or long or double or decimal
            && Convert.ToDouble(value, CultureInfo.InvariantCulture) is >= 0 and < 253402300800 and var seconds
                ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
                : null;

    private static string? ReadText(JsonWebToken token, string claim) =>
        token.TryGetPayloadValue<object>(claim, out var value) ? value as string : null;

    private static List<string> ReadGroups(JsonWebToken token)
    {
        var groups = new List<string>();
        if (token.TryGetPayloadValue<JsonElement>("cognito:groups", out var claim) && claim.ValueKind == JsonValueKind.Array)
        {
            foreach (var group in claim.EnumerateArray())
            {
                if (group.ValueKind == JsonValueKind.String)
                    groups.Add(group.GetString()!);
            }
        }

        return groups;
    }
}
