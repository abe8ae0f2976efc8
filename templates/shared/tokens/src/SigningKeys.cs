using Microsoft.IdentityModel.Tokens;

namespace Serverless.Tokens;

/// <summary>
/// The keys of one issuer, kept and rotated: a key that is not there is asked for at once, but after a failed look no more often
/// than every ten seconds, and by one request at a time, however many tokens name it.
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
    private long? lookedAt;
    private (long At, Exception Exception)? failure;

    /// <summary>The key that a token names.</summary>
    /// <returns>The key, or null if the issuer has none of that name.</returns>
    /// <exception cref="DependencyException">The keys are needed and cannot be fetched.</exception>
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
                return (await FetchAsync(cancellationToken)).Keys.GetValueOrDefault(keyId);
            }
            catch (DependencyException) when (age < UsableFor)
            {
                return key;
            }
        }

        lock (gate)
        {
            if (age < FreshFor && lookedAt is { } at && time.GetElapsedTime(at) < UnknownKeyPenalty && fetch is { IsCompleted: true })
                return current?.Keys.GetValueOrDefault(keyId);
            lookedAt = time.GetTimestamp();
        }

        try
        {
            var found = (await FetchAsync(cancellationToken)).Keys.GetValueOrDefault(keyId);
            if (found is not null)
                ForgetLook();
            return found;
        }
        catch (DependencyException)
        {
            // Not having looked is no answer: the next token that names the key must not be denied for it.
            ForgetLook();
            throw;
        }
    }

    /// <summary>Fetches the keys before the first token asks for them. What goes wrong is left for that token to meet.</summary>
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

    /// <summary>Whether the keys are there, or can be fetched.</summary>
    public async Task<bool> AreReadyAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref current) is null)
            await PrefetchAsync(cancellationToken);
        return Volatile.Read(ref current) is not null;
    }

    private Task<KeySet> FetchAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (fetch is null or { IsCompleted: true })
            {
                if (failure is { } last && time.GetElapsedTime(last.At) < FailurePenalty)
                    return Task.FromException<KeySet>(new DependencyException($"The key endpoint {address}", last.Exception));
                fetch = FetchNowAsync();
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
                failure = (time.GetTimestamp(), exception);
            throw new DependencyException($"The key endpoint {address}", exception);
        }
    }

    private void ForgetLook()
    {
        lock (gate)
            lookedAt = null;
    }

    private sealed record KeySet(Dictionary<string, JsonWebKey> Keys, long FetchedAt);
}
