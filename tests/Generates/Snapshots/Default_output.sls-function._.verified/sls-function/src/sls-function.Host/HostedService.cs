using Serverless.Tokens;

namespace sls_function.Host;

using Orders;

/// <summary>The service on Kestrel: the same routes, functions and orders as on Lambda, in one process.</summary>
internal static class HostedService
{
    /// <summary>Reads the configuration and builds the server.</summary>
    /// <exception cref="SettingException">A setting is missing or not of the form expected: nothing is started.</exception>
    public static WebApplication Build(string[] args)
    {
        var builder = KestrelHost.CreateBuilder(args).AddApi();
        var configuration = builder.Configuration;

        // Made here, not at the first request: a missing setting must be reported now.
        var orders = OrdersTable.Open(name => configuration[name]);
        var rules = TokenRules.From(name => configuration[name]);
        var verifier = new TokenVerifier(rules, TimeProvider.System);

        var app = builder.Build().UseApi();
        app.MapHealth(async cancelled => await verifier.IsReadyAsync(cancelled) && await orders.IsReadyAsync(cancelled));
        app.MapRoutes(Api.Routes(new Lazy<OrdersTable>(orders)), verifier);
        app.Lifetime.ApplicationStopped.Register(orders.Dispose);
        return app;
    }
}
