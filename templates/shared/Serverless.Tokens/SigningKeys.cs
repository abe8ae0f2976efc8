using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Serverless.Tokens;

/// <summary>
/// The signing keys of one issuer, cached and rotated.
/// </summary>
/// <remarks>
/// <para>
/// The rule for a key that is not in the cache: the issuer is asked at once, but at most every ten seconds and by one request at a
/// time, however many tokens name unknown keys. The key is declared unknown only if the issuer was asked when the token was at least a
/// minute old. Before that the issuer may be about to publish the key, and API Gateway would keep the denial for minutes: so the answer
/// is <see cref="KeyAnswer.NotYet"/>, which nobody caches.
/// </para>
/// <para>
/// Keys are refreshed every hour. Until the issuer answers, the old keys serve, for at most a day.
/// </para>
/// </remarks>
internal sealed class SigningKeys(Uri address, HttpClient http, TimeProvider time)
{
    private static readonly TimeSpan PublicationGrace = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LookPenalty = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FailurePenalty = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RefreshPenalty = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FreshFor = TimeSpan.FromHours(1);
    private static readonly TimeSpan UsableFor = TimeSpan.FromHours(24);

    private readonly Lock gate = new();
    private Task<KeySet>? fetch;
    private KeySet? current;
    private long? lastLook;
    private (long At, Exception Exception)? failure;

    /// <summary>
    /// For how long the request that starts a refresh waits for it. Lambda stops the process between two requests, so that is the time
    /// that an issuer usually needs.
    /// </summary>
    public TimeSpan RefreshWait { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The keys in the cache under an identifier; null if there are none. Nothing is fetched.</summary>
    public IReadOnlyList<JsonWebKey>? Cached(string keyId) => Usable() is { } set && set.Keys.TryGetValue(keyId, out var keys) ? keys : null;

    /// <summary>Looks a key up, in the cache or at the issuer.</summary>
    /// <param name="keyId">The identifier that the token names.</param>
    /// <param name="issuedAt">When the token says that it was issued; null if it does not say.</param>
    /// <param name="cancellationToken">Ends the wait, not the fetch.</param>
    /// <exception cref="DependencyException">The keys are needed and cannot be fetched.</exception>
    public async Task<KeyAnswer> FindAsync(string keyId, DateTimeOffset? issuedAt, CancellationToken cancellationToken)
    {
        var set = Usable() ?? await FetchAsync(cancellationToken);
        if (IsStale(set))
            set = await RefreshBehindAsync(set, cancellationToken);
        if (set.Keys.TryGetValue(keyId, out var keys))
            return KeyAnswer.Found(keys);

        if (TakeLook())
        {
            set = await FetchAsync(cancellationToken);
            if (set.Keys.TryGetValue(keyId, out keys))
                return KeyAnswer.Found(keys);
        }

        return !set.Unreadable.Contains(keyId) && issuedAt + PublicationGrace <= set.AskedAt ? KeyAnswer.Unknown : KeyAnswer.NotYet;
    }

    /// <summary>Fetches the keys before the first token asks for them. A failure is left for that token to meet.</summary>
    public async Task PrefetchAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FetchAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is DependencyException or OperationCanceledException)
        {
        }
    }

    /// <summary>Whether there are keys, or they can be fetched.</summary>
    public async Task<bool> AreReadyAsync(CancellationToken cancellationToken)
    {
        if (Usable() is null)
            await PrefetchAsync(cancellationToken);
        return Usable() is not null;
    }

    private KeySet? Usable() => Volatile.Read(ref current) is { } set && time.GetElapsedTime(set.FetchedAt) < UsableFor ? set : null;

    private bool IsStale(KeySet set) => time.GetElapsedTime(set.FetchedAt) >= FreshFor;

    /// <summary>Starts a refresh, unless one runs or failed within the last minute. The other requests do not wait for it.</summary>
    private async Task<KeySet> RefreshBehindAsync(KeySet old, CancellationToken cancellationToken)
    {
        Task<KeySet> refresh;
        lock (gate)
        {
            if (fetch is { IsCompleted: false } || HasFailedWithin(RefreshPenalty))
                return old;
            refresh = FetchAsync(cancellationToken);
        }

        await ((Task)refresh.WaitAsync(RefreshWait, cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return Usable() ?? old;
    }

    /// <summary>Whether the issuer may be asked for an unknown key now.</summary>
    private bool TakeLook()
    {
        lock (gate)
        {
            if (HasFailedWithin(FailurePenalty) || (lastLook is { } at && time.GetElapsedTime(at) < LookPenalty))
                return false;
            lastLook = time.GetTimestamp();
            return true;
        }
    }

    private bool HasFailedWithin(TimeSpan penalty) => failure is { } last && time.GetElapsedTime(last.At) < penalty;

    private Task<KeySet> FetchAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (fetch is null or { IsCompleted: true })
            {
                if (HasFailedWithin(FailurePenalty))
                    return Task.FromException<KeySet>(new DependencyException($"The key endpoint {address}", failure!.Value.Exception));
                fetch = FetchNowAsync();
            }

            return fetch.WaitAsync(cancellationToken);
        }
    }

    private async Task<KeySet> FetchNowAsync()
    {
        var askedAt = time.GetUtcNow();
        // The caller holds the lock until this method yields.
        await Task.Yield();
        try
        {
            var set = KeySet.Read(await http.GetByteArrayAsync(address), askedAt, time.GetTimestamp());
            lock (gate)
            {
                current = set;
                failure = null;
            }

            return set;
        }
#pragma warning disable CA1031 // Whatever reading the answer throws, the endpoint is to blame.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            lock (gate)
            {
                failure = (time.GetTimestamp(), exception);
                // The issuer has not answered, so the next look must not wait ten seconds.
                lastLook = null;
            }

            throw new DependencyException($"The key endpoint {address}", exception);
        }
    }

    /// <summary>The keys of one answer of the issuer.</summary>
    /// <param name="Keys">
    /// The keys for RS256 by their identifier. An identifier that the issuer uses only for keys of other kinds has none.
    /// </param>
    /// <param name="Unreadable">The identifiers of RSA keys that cannot be read: they are asked for again.</param>
    /// <param name="AskedAt">When the issuer was asked.</param>
    /// <param name="FetchedAt">When the answer was there, as a timestamp.</param>
    private sealed record KeySet(Dictionary<string, IReadOnlyList<JsonWebKey>> Keys, HashSet<string> Unreadable, DateTimeOffset AskedAt, long FetchedAt)
    {
        private const int MinBits = 2048;

        public static KeySet Read(byte[] json, DateTimeOffset askedAt, long fetchedAt)
        {
            var (keys, unreadable) = (new Dictionary<string, IReadOnlyList<JsonWebKey>>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
            using var document = JsonDocument.Parse(json);
            foreach (var key in document.RootElement.GetProperty("keys").EnumerateArray())
            {
                if (key.ValueKind != JsonValueKind.Object || TextOf(key, "kid") is not { Length: > 0 } id || TextOf(key, "use") is not (null or "sig"))
                    continue;
                if (TextOf(key, "kty") != JsonWebAlgorithmsKeyTypes.RSA || TextOf(key, "alg") is not (null or SecurityAlgorithms.RsaSha256))
                    keys.TryAdd(id, []);
                else if (ReadRsa(key) is { } readable)
                    keys[id] = [.. keys.GetValueOrDefault(id) ?? [], readable];
                else
                    unreadable.Add(id);
            }

            // An empty set would deny everyone: an issuer that signs has a key.
            return keys.Values.Any(list => list.Count > 0)
                ? new KeySet(keys, unreadable, askedAt, fetchedAt)
                : throw new InvalidDataException("The key set holds no key for RS256.");
        }

        private static JsonWebKey? ReadRsa(JsonElement key)
        {
            try
            {
                var read = new JsonWebKey(key.GetRawText());
                using var rsa = RSA.Create(new RSAParameters { Modulus = Base64UrlEncoder.DecodeBytes(read.N), Exponent = Base64UrlEncoder.DecodeBytes(read.E) });
                return rsa.KeySize >= MinBits ? read : null;
            }
#pragma warning disable CA1031 // Whatever a key does to its reader, the others still serve.
            catch (Exception)
#pragma warning restore CA1031
            {
                return null;
            }
        }

        // A member of another type is no reason to give the other keys up.
        private static string? TextOf(JsonElement key, string name)
        {
            if (!key.TryGetProperty(name, out var member))
                return null;
            try
            {
                return member.ValueKind == JsonValueKind.String ? member.GetString() : "";
            }
            catch (InvalidOperationException)
            {
                return "";
            }
        }
    }
}

/// <summary>What is known about a key.</summary>
/// <param name="Keys">The keys for RS256 under the identifier, none if the issuer uses it for other keys only; null if it is not listed.</param>
/// <param name="IsFinal">Whether a denial may stand on it.</param>
internal readonly record struct KeyAnswer(IReadOnlyList<JsonWebKey>? Keys, bool IsFinal)
{
    /// <summary>The issuer does not list the key, and was asked long enough after the token was issued.</summary>
    public static KeyAnswer Unknown { get; } = new(null, true);

    /// <summary>The issuer did not list the key when it was last asked, but may do so soon.</summary>
    public static KeyAnswer NotYet { get; } = new(null, false);

    /// <summary>The issuer lists the identifier.</summary>
    public static KeyAnswer Found(IReadOnlyList<JsonWebKey> keys) => new(keys, true);
}
