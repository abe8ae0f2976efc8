using Microsoft.IdentityModel.Tokens;

namespace Serverless.Tokens;

/// <summary>
/// The keys of one issuer, kept and rotated: a key that is not there is asked for at once, but after a look in vain no more often
/// than every ten seconds, and by one request at a time, however many tokens name it. That a key does not exist is said only of one
/// that was looked for.
/// </summary>
internal sealed class SigningKeys(Uri address, HttpClient http, TimeProvider time)
{
    private static readonly TimeSpan UnknownKeyPenalty = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FailurePenalty = TimeSpan.FromSeconds(1);

    // A key that the issuer has withdrawn is let go of within the hour; if it cannot be asked, within a day.
    private static readonly TimeSpan FreshFor = TimeSpan.FromHours(1);
    private static readonly TimeSpan UsableFor = TimeSpan.FromHours(24);

    private readonly Lock gate = new();
    private Task<KeySet>? fetch;
    private KeySet? current;
    private (long At, string KeyId)? look;
    private (long At, Exception Exception)? failure;

    /// <summary>The key that a token names.</summary>
    /// <returns>The key, or null if the issuer has none of that name.</returns>
    /// <exception cref="DependencyException">The keys are needed and cannot be fetched, or not yet again.</exception>
    public async Task<JsonWebKey?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        var known = Volatile.Read(ref current);
        var age = known is null ? TimeSpan.MaxValue : time.GetElapsedTime(known.FetchedAt);
        if (known is not null && known.Keys.TryGetValue(keyId, out var key))
        {
            if (age < FreshFor)
                return key;
            try
            {
                return (await FetchAsync(null, cancellationToken)).Keys.GetValueOrDefault(keyId);
            }
            catch (DependencyException) when (age < UsableFor)
            {
                return key;
            }
        }

        return await LookForAsync(keyId, cancellationToken);
    }

    /// <summary>Fetches the keys before the first token asks for them. What goes wrong is left for that token to meet.</summary>
    public async Task PrefetchAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FetchAsync(null, cancellationToken);
        }
        catch (Exception exception) when (exception is DependencyException or OperationCanceledException)
        {
        }
    }

    /// <summary>Whether the keys are there, or can be fetched.</summary>
    public async Task<bool> AreReadyAsync(CancellationToken cancellationToken)
    {
        if (!AreUsable())
            await PrefetchAsync(cancellationToken);
        return AreUsable();

        bool AreUsable() => Volatile.Read(ref current) is { } keys && time.GetElapsedTime(keys.FetchedAt) < UsableFor;
    }

    private async Task<JsonWebKey?> LookForAsync(string keyId, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<KeySet> fetching;
            bool isOwn;
            lock (gate)
            {
                isOwn = fetch is null or { IsCompleted: true };
                if (isOwn && look is { } last && time.GetElapsedTime(last.At) < UnknownKeyPenalty && current is { } known && time.GetElapsedTime(known.FetchedAt) < FreshFor)
                {
                    if (known.Keys.TryGetValue(keyId, out var key))
                        return key;
                    // The issuer may have published the key since: a denial would be cached.
                    return keyId == last.KeyId
                        ? null
                        : throw new DependencyException($"The key endpoint {address}", new TimeoutException("It was asked for another unknown key less than ten seconds ago."));
                }

                fetching = FetchAsync(keyId, cancellationToken);
            }

            var found = (await fetching).Keys.GetValueOrDefault(keyId);
            if (isOwn && found is not null)
            {
                lock (gate)
                    look = null;
            }

            // What was fetched for another token may have been sent before the issuer published this one's key.
            if (isOwn || found is not null)
                return found;
        }
    }

    private Task<KeySet> FetchAsync(string? lookedFor, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (fetch is null or { IsCompleted: true })
            {
                if (failure is { } last && time.GetElapsedTime(last.At) < FailurePenalty)
                    return Task.FromException<KeySet>(new DependencyException($"The key endpoint {address}", last.Exception));
                fetch = FetchNowAsync();
                look = lookedFor is null ? look : (time.GetTimestamp(), lookedFor);
            }

            return fetch.WaitAsync(cancellationToken);
        }
    }

    private async Task<KeySet> FetchNowAsync()
    {
        // The lock is held until here gives way.
        await Task.Yield();
        try
        {
            var json = await http.GetStringAsync(address);
            var keys = new Dictionary<string, JsonWebKey>(StringComparer.Ordinal);
            foreach (var key in new JsonWebKeySet(json).Keys)
            {
                if (!string.IsNullOrEmpty(key.Kid) && key.Use is null or "sig")
                    keys[key.Kid] = key;
            }

            // An empty set would deny everyone: an issuer that signs has a key.
            if (keys.Count == 0)
                throw new InvalidDataException("The key set holds no key to verify with.");
            var set = new KeySet(keys, time.GetTimestamp());
            lock (gate)
            {
                current = set;
                failure = null;
            }

            return set;
        }
#pragma warning disable CA1031 // Whatever the answer did to its reader, the endpoint is to blame.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            lock (gate)
            {
                failure = (time.GetTimestamp(), exception);
                // Not having looked is no answer: the next token that names the key must not be denied for it.
                look = null;
            }

            throw new DependencyException($"The key endpoint {address}", exception);
        }
    }

    private sealed record KeySet(Dictionary<string, JsonWebKey> Keys, long FetchedAt);
}
