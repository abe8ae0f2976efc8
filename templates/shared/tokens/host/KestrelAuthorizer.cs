using Serverless.Tokens;

namespace Serverless;

#if (jwtAuthorizer)
/// <summary>What the API's built-in authorizer does, on Kestrel: no token or a bad one 401, one that is not meant for an API 403.</summary>
#else
/// <summary>What the authorizer does before the API, on Kestrel: no token 401, a bad one 403, both as API Gateway answers them.</summary>
#endif
internal static class KestrelAuthorizer
{
    /// <summary>Maps the routes behind a verifier of tokens.</summary>
    /// <param name="app">Where to.</param>
    /// <param name="routes">The table of them.</param>
    /// <param name="verifier">Ends with the server.</param>
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
                    ? new ProblemException(401, "not_signed_in", "The request has no token; expected is the header Authorization: Bearer <token>.")
#if (jwtAuthorizer)
                    : new ProblemException(
                        denied.Reason is "missing_scope" or "wrong_use" ? 403 : 401, "token_denied", "The token is not one that is let in; the log says why, by the trace id.");
#else
                    : new ProblemException(403, "token_denied", "The token is not one that is let in; the log says why, by the trace id.");
#endif
            default:
                throw new InvalidOperationException("A verdict is either Admitted or Denied.");
        }
    }
}
