namespace Company.Function._1.Tests;

/// <summary>Tests of a function's binary, over a Runtime API and the emulated tables.</summary>
/// <param name="name">The function.</param>
/// <param name="services">The tables.</param>
public abstract class FunctionTests(string name, LocalServices services) : IAsyncLifetime
{
    /// <summary>The tables.</summary>
    protected LocalServices Services { get; } = services;

    /// <summary>Hands the function its events.</summary>
    protected RuntimeApi Api { get; private set; } = null!;

    /// <summary>The running function.</summary>
    protected RunningFunction Function { get; private set; } = null!;

    /// <summary>Settings beside those of the tables.</summary>
    protected virtual Task<Dictionary<string, string?>> MoreSettingsAsync() => Task.FromResult(new Dictionary<string, string?>());

    public async ValueTask InitializeAsync()
    {
        await Services.StartAsync();
        Api = await RuntimeApi.StartAsync();
        Function = RunningFunction.Start(name, Api, Services.Settings.Concat(await MoreSettingsAsync()).ToDictionary());
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Api is null)
            return;
        await Function.DisposeAsync();
        await Api.DisposeAsync();
    }

    /// <summary>Invokes the function.</summary>
    protected Task<Answer> InvokeAsync(string payload) => Api.InvokeAsync(name, payload);

    /// <summary>Invokes the same function in a process of its own, for which DynamoDB answers 500 to everything.</summary>
    protected async Task<(Answer Answer, string Line)> InvokeWithoutTableAsync(string payload)
    {
        await using var down = await Loopback.StartAsync(http =>
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        var settings = new Dictionary<string, string?>(Services.Settings.Concat(await MoreSettingsAsync()))
        {
            ["_HANDLER"] = name,
            ["AWS_ENDPOINT_URL_DYNAMODB"] = down.Address.ToString(),
        };
        await using var alone = RunningFunction.Start("alone", Api, settings);
        return (await Api.InvokeAsync("alone", payload), await alone.WaitForOutputAsync(line => line.Contains("DependencyException", StringComparison.Ordinal)));
    }
}
