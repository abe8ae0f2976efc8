using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Tokens;

namespace Serverless;

/// <summary>Does on Kestrel what the authorizer before the API does on AWS.</summary>
public static class KestrelAuthorizer
{
    /// <summary>Maps the routes behind a verifier of tokens.</summary>
    /// <param name="app">The server.</param>
    /// <param name="routes">The table of routes.</param>
    /// <param name="verifier">Is disposed with the server.</param>
    public static void MapRoutes(this WebApplication app, IReadOnlyList<ApiRoute> routes, TokenVerifier verifier)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Serverless.Authorizer");
        app.MapRoutes(routes, (authorization, cancelled) => AuthorizeAsync(authorization, verifier, logger, cancelled));
        app.Lifetime.ApplicationStarted.Register(() => _ = verifier.PrefetchAsync(app.Lifetime.ApplicationStopping));
        app.Lifetime.ApplicationStopped.Register(verifier.Dispose);
    }

    private static async Task<Caller> AuthorizeAsync(string? authorization, TokenVerifier verifier, ILogger logger, CancellationToken cancellationToken)
    {
        switch (await verifier.VerifyAsync(authorization, cancellationToken))
        {
            case Admitted admitted:
                return Caller.FromContext(admitted.ToContext())!;
            case Denied denied:
                logger.LogWarning(
                    "Denied: {Reason}, key {KeyId}, subject {Subject}, in trace {RequestTrace}",
                    denied.Reason, denied.KeyId, denied.Subject, Trace.Current);
                throw denied.Reason == "no_token"
                    ? new ProblemException(401, "not_signed_in", "The request has no token. Send the header Authorization: Bearer <token>.")
                    : new ProblemException(verifier.StatusOf(denied), "token_denied", "The token is not accepted. The log has the reason under the trace id.");
            case Undecided undecided:
                logger.LogWarning("Undecided: key {KeyId} is not published yet, in trace {RequestTrace}", undecided.KeyId, Trace.Current);
                throw new ProblemException(503, "key_not_published", "The token's key is not published by its issuer yet. Try again in a few seconds.");
            default:
                throw new InvalidOperationException("A verdict is Admitted, Denied or Undecided.");
        }
    }
}
