using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Serverless;

/// <summary>
/// The trace id of the invocation at hand, in the form AWS gives it and expects it:
/// <c>Root=1-&lt;8 hex&gt;-&lt;24 hex&gt;;Parent=&lt;16 hex&gt;;Sampled=0|1</c>.
/// </summary>
/// <remarks>
/// It flows with the asynchronous call, not through <c>_X_AMZN_TRACE_ID</c>: that variable is not set when one environment
/// serves several invocations at a time.
/// </remarks>
public static class Trace
{
    /// <summary>The header by which AWS hands a trace from service to service.</summary>
    public const string Header = "X-Amzn-Trace-Id";

    private static readonly AsyncLocal<string?> Id = new();

    private static readonly SearchValues<char> Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-=;:._");

    /// <summary>The trace id, or null outside an invocation.</summary>
    public static string? Current
    {
        get => Id.Value;
        set => Id.Value = value;
    }

    /// <summary>A new trace id, for what begins outside AWS.</summary>
    public static string Create() =>
        $"Root=1-{DateTimeOffset.UtcNow.ToUnixTimeSeconds():x8}-{Guid.NewGuid().ToString("n")[..24]}";

    /// <summary>Whether a text that came from outside is a trace id: nothing else is to reach the logs and the next service.</summary>
    public static bool IsValid([NotNullWhen(true)] string? traceId) =>
        traceId is { Length: <= 256 }
        && !traceId.AsSpan().ContainsAnyExcept(Characters)
        && (traceId.StartsWith("Root=1-", StringComparison.Ordinal) || traceId.Contains(";Root=1-", StringComparison.Ordinal));

    /// <summary>Passes the trace id on with every request of an <see cref="HttpClient"/> made over it.</summary>
    public sealed class Handler(HttpMessageHandler next) : DelegatingHandler(next)
    {
        /// <inheritdoc/>
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(request);
            if (!string.IsNullOrEmpty(Current))
            {
                // On Lambda the AWS SDK has set it to the invocation's trace, and does not sign it.
                request.Headers.Remove(Header);
                request.Headers.TryAddWithoutValidation(Header, Current);
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
