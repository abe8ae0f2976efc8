using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Serverless.Tokens;

/// <summary>
/// Decides whether the bearer of a token is let in. A bad token is denied with a reason, whatever it holds. If the keys cannot be fetched
/// the verifier throws, because API Gateway would cache a denial.
/// </summary>
public sealed class TokenVerifier : IDisposable
{
    /// <summary>The longest token that is read. API Gateway accepts 10,240 bytes of headers in all.</summary>
    public const int MaxTokenLength = 8 * 1024;

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
        var hasScheme = authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        if (!hasScheme && !(rules.AsBuiltIn && !authorization.Contains(' ')))
            return new Denied("not_bearer");
        var text = hasScheme ? authorization[Scheme.Length..] : authorization;
        if (text.Length > MaxTokenLength)
            return new Denied("token_too_large");
        return TokenClaims.Read(text) is { } token ? await VerifyAsync(text, token, cancellationToken) : new Denied("malformed");
    }

    /// <summary>
    /// The HTTP status of a denial. A Lambda authorizer answers 403; the built-in one 401, or 403 to a good token without the scope.
    /// </summary>
    public int StatusOf(Denied denied)
    {
        ArgumentNullException.ThrowIfNull(denied);
        return rules.AsBuiltIn && denied.Reason != "missing_scope" ? 401 : 403;
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<Verdict> VerifyAsync(string text, TokenClaims token, CancellationToken cancellationToken)
    {
        var keyId = token.KeyId is { Length: > 0 and <= 128 } ? token.KeyId : null;

        // One algorithm, pinned before a key is touched: 'none' and a public key taken for an HMAC secret end here.
        if (token.Algorithm != SecurityAlgorithms.RsaSha256)
            return new Denied("wrong_algorithm", keyId);

        // RFC 7515, 4.1.11: a reader that does not understand a critical extension must refuse the token.
        if (token.HasCriticalExtension)
            return new Denied("unknown_extension", keyId);
        if (keyId is null)
            return new Denied("no_key_id");
        if (token.Issuer is null || !keys.TryGetValue(TokenIssuer.WithoutSlash(token.Issuer), out var issuer))
            return new Denied("wrong_issuer", keyId);

        // The token's own claims are checked first: the issuer is asked for a key only if everything but the signature holds.
        var fault = FaultOf(token);
        var answer = fault is null
            ? await issuer.FindAsync(keyId, token.IssuedAt, cancellationToken)
            : new KeyAnswer(issuer.Cached(keyId), IsFinal: true);
        if (answer.Keys is null)
            return answer.IsFinal ? new Denied(fault ?? "unknown_key", keyId) : new Undecided(keyId);
        if (answer.Keys.Count == 0)
            return new Denied("wrong_key_algorithm", keyId);
        if (!await IsSignedByAsync(answer.Keys, text))
            return new Denied("bad_signature", keyId);

        return fault is null
            ? new Admitted(rules.UserOf(token.Issuer, token.Subject!), token.UserName, token.Email, token.Groups, token.Scopes, token.Expires!.Value)
            : new Denied(fault, keyId, token.Subject);
    }

    private async Task<bool> IsSignedByAsync(IReadOnlyList<JsonWebKey> candidates, string text)
    {
        foreach (var key in candidates)
        {
            var result = await handler.ValidateTokenAsync(text, new TokenValidationParameters
            {
                IssuerSigningKey = key,
                TryAllIssuerSigningKeys = false,
                ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
                RequireSignedTokens = true,
                // The claims are judged by FaultOf: Cognito's access tokens have no audience, and the library's clock cannot be set.
                ValidateIssuer = false,
                ValidateAudience = false,
                ValidateLifetime = false,
            });
            if (result.IsValid)
                return true;
        }

        return false;
    }

    /// <summary>What is wrong with the claims, in one word; null if nothing is.</summary>
    private string? FaultOf(TokenClaims token)
    {
        // The clocks of issuer and service may differ. A date at the end of time takes no addition.
        var (latest, earliest) = (time.GetUtcNow() + TokenRules.ClockSkew, time.GetUtcNow() - TokenRules.ClockSkew);
        if (token.Subject is not { Length: > 0 } subject)
            return "no_subject";
        if (rules.UserOf(token.Issuer!, subject).Length > Caller.MaxSubLength)
            return "subject_too_long";
        if (token.Expires is not { } expires)
            return "no_expiry";
        if (expires <= earliest)
            return "expired";
        if (token.NotBefore > latest || token.IssuedAt > latest)
            return "not_yet_valid";
        if (!rules.AsBuiltIn && !(token.Use is null ? rules.Use == TokenUse.Any : token.Use == (rules.Use == TokenUse.Id ? "id" : "access")))
            return "wrong_use";
        var namesClient = rules.AsBuiltIn ? token.Audiences.Count == 0 : token.Use == "access";
        if (!(namesClient ? token.Client is { } client && rules.Clients.Contains(client) : token.Audiences.Any(rules.Clients.Contains)))
            return "wrong_client";
        if (!rules.Scopes.IsSubsetOf(token.Scopes))
            return "missing_scope";
        return rules.Groups.Count > 0 && !rules.Groups.Overlaps(token.Groups) ? "missing_group" : null;
    }
}
