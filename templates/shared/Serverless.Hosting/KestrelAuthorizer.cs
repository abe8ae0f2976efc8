using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Tokens;

namespace Serverless;

/// <summary>What the authorizer before the API does, on Kestrel.</summary>
public static class KestrelAuthorizer
{
    /// <summary>Maps the routes behind a verifier of tokens.</summary>
    /// <param name="app">Where to.</param>
    /// <param name="routes">The table of them.</param>
    /// <param name="verifier">Ends with the server.</param>
    /// <param name="isBuiltIn">
    /// Whether the API's built-in authorizer is what it stands for. Both answer 401 where there is no token; to a bad one the built-in
    /// one answers 401 too, or 403 if the token is good but not meant for the API, and a Lambda authorizer 403.
    /// </param>
    public static void MapRoutes(this WebApplication app, IReadOnlyList<ApiRoute> routes, TokenVerifier verifier, bool isBuiltIn = false)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Serverless.Authorizer");
        app.MapRoutes(routes, (authorization, cancelled) => AuthorizeAsync(authorization, verifier, isBuiltIn, logger, cancelled));
        app.Lifetime.ApplicationStarted.Register(() => _ = verifier.PrefetchAsync(app.Lifetime.ApplicationStopping));
        app.Lifetime.ApplicationStopped.Register(verifier.Dispose);
    }

    private static async Task<Caller> AuthorizeAsync(string? authorization, TokenVerifier verifier, bool isBuiltIn, ILogger logger, CancellationToken cancellationToken)
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
                    ? new ProblemException(401, "not_signed_in", "The request has no token; expected is the header Authorization: Bearer <token>.")
                    : new ProblemException(
                        isBuiltIn && denied.Reason is not ("missing_scope" or "wrong_use") ? 401 : 403,
                        "token_denied",
                        "The token is not one that is let in; the log says why, by the trace id.");
            default:
                throw new InvalidOperationException("A verdict is either Admitted or Denied.");
        }
    }
}
