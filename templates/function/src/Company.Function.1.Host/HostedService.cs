#if (guarded)
using Serverless.Tokens;
#endif

namespace Company.Function._1.Host;

using TradeItems;

/// <summary>The service on Kestrel: the same routes, functions and trade items as on Lambda, in one process.</summary>
internal static class HostedService
{
    /// <summary>Reads the configuration and builds the server.</summary>
    /// <exception cref="SettingException">A setting is missing or not of the form expected: nothing is started.</exception>
    public static WebApplication Build(string[] args)
    {
        var builder = KestrelHost.CreateBuilder(args).AddApi();
        var configuration = builder.Configuration;

        // Made here, not at the first request: a missing setting must be reported now.
        var tradeItems = TradeItemsTable.Open(name => configuration[name]);
#if (guarded)
#if (authJwt)
        var rules = TokenRules.From(name => configuration[name]) with { AsBuiltIn = true };
#else
        var rules = TokenRules.From(name => configuration[name]);
#endif
        var verifier = new TokenVerifier(rules, TimeProvider.System);
#endif
#if (hasGrpc)
        builder.AddGrpcServer();
#endif

        var app = builder.Build().UseApi();
#if (guarded)
        app.MapHealth(async cancelled => await verifier.IsReadyAsync(cancelled) && await tradeItems.IsReadyAsync(cancelled));
        app.MapRoutes(Api.Routes(new Lazy<TradeItemsTable>(tradeItems)), verifier);
#else
        app.MapHealth(tradeItems.IsReadyAsync);
        app.MapRoutes(
            Api.Routes(new Lazy<TradeItemsTable>(tradeItems)),
            (_, _) => throw new ProblemException(401, "not_signed_in", "The route asks for a caller, which nothing before the service names."));
#endif
#if (hasGrpc)
        app.MapGrpcServer();
#endif
        app.Lifetime.ApplicationStopped.Register(tradeItems.Dispose);
        return app;
    }
}
