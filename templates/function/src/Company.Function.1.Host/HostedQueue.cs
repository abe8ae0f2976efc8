namespace Company.Function._1.Host;

using Functions;
using TradeItems;

/// <summary>The service as a worker: the same function and trade items as on Lambda, with the messages of the same queue.</summary>
internal static class HostedQueue
{
    /// <summary>The function's time, as in serverless.yml.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Reads the configuration and builds the worker, and the server that says whether it is well.</summary>
    /// <exception cref="SettingException">A setting is missing or not of the form expected: nothing is started.</exception>
    public static WebApplication Build(string[] args)
    {
        var builder = KestrelHost.CreateBuilder(args);
        // Made here, not at the first message: a missing setting must be reported now.
        var tradeItems = TradeItemsTable.Open(name => builder.Configuration[name]);
        QueueWorker.Add(builder, "TRADE_ITEMS_QUEUE_URL", "onMessage", Timeout, (batch, context) => OnMessage.Handle(batch, context, tradeItems));

        var app = builder.Build();
        var queue = app.Services.GetRequiredService<QueueWorker>();
        app.MapHealth(async cancelled => queue.IsReceiving && await tradeItems.IsReadyAsync(cancelled));
        app.Lifetime.ApplicationStopped.Register(tradeItems.Dispose);
        return app;
    }
}
