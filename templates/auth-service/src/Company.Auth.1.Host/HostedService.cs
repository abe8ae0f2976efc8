using Company.Auth._1.Functions;
using Company.Auth._1.Tokens;
using Company.Auth._1.Users;
using Serverless;

namespace Company.Auth._1.Host;

/// <summary>The service on Kestrel: the same routes, functions, tokens and users as on Lambda, in one process.</summary>
internal static class HostedService
{
    /// <summary>Reads the configuration and builds the server.</summary>
    /// <exception cref="SettingException">A setting is missing or not of the form expected: nothing is started.</exception>
    public static WebApplication Build(string[] args)
    {
        var builder = KestrelHost.CreateBuilder(args);
        var configuration = builder.Configuration;

        // Made here, not at the first request: what is missing is to be heard of now.
        var verifier = new TokenVerifier(TokenRules.From(name => configuration[name]), TimeProvider.System);
        var users = UsersTable.Open(name => configuration[name]);

        var app = builder.Build().UseService();
        app.MapGet("/health/ready", async (HttpContext http) =>
            await verifier.IsReadyAsync(http.RequestAborted) && await users.IsReadyAsync(http.RequestAborted)
                ? Results.Ok()
                : Results.StatusCode(StatusCodes.Status503ServiceUnavailable));
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Serverless.Authorizer");
        app.MapRoutes(
            Api.Routes(new Lazy<UsersTable>(users)),
            (authorization, cancelled) => AuthorizeAsync(authorization, verifier, logger, cancelled));
        if (app.Environment.IsDevelopment())
            app.MapTrigger(users);
        app.Lifetime.ApplicationStarted.Register(() => _ = verifier.PrefetchAsync(app.Lifetime.ApplicationStopping));
        app.Lifetime.ApplicationStopped.Register(() =>
        {
            verifier.Dispose();
            users.Dispose();
        });
        return app;
    }

#if (lambdaAuthorizer)
    /// <summary>What the authorizer does before the API: no token 401, a bad one 403, both as API Gateway answers them.</summary>
#else
    /// <summary>What the API's built-in authorizer does: no token or a bad one 401, one that is not meant for an API 403.</summary>
#endif
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
#if (lambdaAuthorizer)
                    : new ProblemException(403, "token_denied", "The token is not one that is let in; the log says why, by the trace id.");
#else
                    : new ProblemException(
                        denied.Reason is "missing_scope" or "wrong_use" ? 403 : 401, "token_denied", "The token is not one that is let in; the log says why, by the trace id.");
#endif
            default:
                throw new InvalidOperationException("A verdict is either Admitted or Denied.");
        }
    }

    /// <summary>The trigger, where the local pool looks for it: Lambda's Invoke API.</summary>
    private static void MapTrigger(this WebApplication app, UsersTable users) =>
        app.MapPost("/2015-03-31/functions/postConfirmation/invocations", async (HttpContext http) =>
            Results.Stream(await PostConfirmation.Handle(http.Request.Body, new LocalContext("postConfirmation"), users), "application/json"));
}
