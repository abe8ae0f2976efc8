using sls_function.Orders;
using sls_function.Tokens;

namespace sls_function.Host;

/// <summary>The service on Kestrel: the same routes, functions and orders as on Lambda, in one process.</summary>
internal static class HostedService
{
    /// <summary>Reads the configuration and builds the server.</summary>
    /// <exception cref="SettingException">A setting is missing or not of the form expected: nothing is started.</exception>
    public static WebApplication Build(string[] args)
    {
        var builder = KestrelHost.CreateBuilder(args);
        var configuration = builder.Configuration;

        // Made here, not at the first request: what is missing is to be heard of now.
        var orders = OrdersTable.Open(name => configuration[name]);
        var verifier = new TokenVerifier(TokenRules.From(name => configuration[name]), TimeProvider.System);

        var app = builder.Build().UseService();
        app.MapGet("/health/ready", async (HttpContext http) =>
            await verifier.IsReadyAsync(http.RequestAborted) && await orders.IsReadyAsync(http.RequestAborted)
                ? Results.Ok()
                : Results.StatusCode(StatusCodes.Status503ServiceUnavailable));
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Serverless.Authorizer");
        app.MapRoutes(Api.Routes(new Lazy<OrdersTable>(orders)), async (authorization, cancelled) =>
        {
            // As API Gateway answers: 401 without a token, 403 with a bad one.
            var verdict = await verifier.VerifyAsync(authorization, cancelled);
            if (verdict is Admitted admitted)
                return Caller.FromContext(admitted.ToContext())!;
            var denied = (Denied)verdict;
            logger.LogWarning("Denied: {Reason}, key {KeyId}, in trace {RequestTrace}", denied.Reason, denied.KeyId, Trace.Current);
            throw denied.Reason == "no_token"
                ? new ProblemException(401, "not_signed_in", "The request has no token; expected is the header Authorization: Bearer <token>.")
                : new ProblemException(403, "token_denied", "The token is not one that is let in; the log says why, by the trace id.");
        });
        app.Lifetime.ApplicationStarted.Register(() => _ = verifier.PrefetchAsync(app.Lifetime.ApplicationStopping));
        app.Lifetime.ApplicationStopped.Register(() =>
        {
            verifier.Dispose();
            orders.Dispose();
        });
        return app;
    }
}
