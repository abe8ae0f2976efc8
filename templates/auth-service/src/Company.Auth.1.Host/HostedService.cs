using Company.Auth._1.Users;
using Serverless;
using Serverless.Tokens;

namespace Company.Auth._1.Host;

/// <summary>The service on Kestrel: the same routes, functions, tokens and users as on Lambda, in one process.</summary>
internal static class HostedService
{
    /// <summary>Reads the configuration and builds the server.</summary>
    /// <exception cref="SettingException">A setting is missing or not of the form expected: nothing is started.</exception>
    public static WebApplication Build(string[] args)
    {
        var builder = KestrelHost.CreateBuilder(args).AddApi();
        var configuration = builder.Configuration;

        // Made here, not at the first request, so that a missing setting keeps the server from starting.
#if (lambdaAuthorizer)
        var rules = TokenRules.From(name => configuration[name]);
#else
        var rules = TokenRules.From(name => configuration[name]) with { AsBuiltIn = true };
#endif
        var verifier = new TokenVerifier(rules, TimeProvider.System);
        var users = UsersTable.Open(name => configuration[name]);
        var pool = UserPool.Open(name => configuration[name]);

        var app = builder.Build().UseApi();
        app.MapHealth(async cancelled => await verifier.IsReadyAsync(cancelled) && await users.IsReadyAsync(cancelled));
        app.MapRoutes(Api.Routes(new Lazy<UsersTable>(users), new Lazy<UserPool>(pool)), verifier);
        app.Lifetime.ApplicationStopped.Register(users.Dispose);
        app.Lifetime.ApplicationStopped.Register(pool.Dispose);
        return app;
    }
}
