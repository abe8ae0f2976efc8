using System.Diagnostics;
using System.Text.Json;

namespace Serverless.Templates.Tests;

/// <summary>
/// A settings folder of <c>dotnet new</c> (a hive) and a process that runs the SDK's commands in it, one after the other, for as long as
/// the tests run. See <see cref="StartupHook"/>.
/// </summary>
public sealed class TemplateEngine(string hive) : IDisposable
{
    // The SDK forgets nothing of what it has run, a few megabytes each time.
    private const int MostCommands = 100;

    private static readonly string Hook = typeof(StartupHook).Assembly.Location;

    private Process? process;
    private int commands;
    private bool isUnusable;

    /// <summary>The settings folder.</summary>
    public string Hive => hive;

    /// <summary>Runs <c>dotnet new</c> in this engine's process.</summary>
    /// <param name="folder">The folder it runs in.</param>
    /// <param name="arguments">What follows <c>dotnet new</c>.</param>
    public async Task<Command> NewAsync(string folder, IEnumerable<string> arguments)
    {
        if (!isUnusable && (process is not { HasExited: false } || ++commands > MostCommands) && !await StartAsync())
        {
            isUnusable = true;
            TestRun.Say("This SDK cannot run several commands in one process: every dotnet new gets one of its own, and the tests take longer.");
        }
        if (isUnusable)
            return await NewInProcessOfItsOwnAsync(folder, arguments);

        string[] words = ["new", .. arguments, "--debug:custom-hive", hive];
        await process!.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new EngineCommand(folder, words)));
        await process.StandardInput.FlushAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var line = await process.StandardOutput.ReadLineAsync(limit.Token)
            ?? throw new InvalidOperationException($"The SDK's process ended at: dotnet {string.Join(' ', words)}{Environment.NewLine}{await process.StandardError.ReadToEndAsync(limit.Token)}");
        var answer = JsonSerializer.Deserialize<EngineAnswer>(line)!;
        return new Command($"dotnet {string.Join(' ', words)} (in {folder})", answer.ExitCode, answer.Output);
    }

    /// <summary>Runs <c>dotnet new</c> as a user does.</summary>
    /// <param name="folder">The folder it runs in.</param>
    /// <param name="arguments">What follows <c>dotnet new</c>.</param>
    public Task<Command> NewInProcessOfItsOwnAsync(string folder, IEnumerable<string> arguments) =>
        Command.Run(Command.DotnetHost, ["new", .. arguments, "--debug:custom-hive", hive], folder);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (process is null)
            return;
        // The end of its commands is its own end.
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
            process.Kill(entireProcessTree: true);
        process.Dispose();
        process = null;
    }

    private async Task<bool> StartAsync()
    {
        Dispose();
        commands = 1;
        process = new Process { StartInfo = Command.StartInfo(Command.DotnetHost, ["new"], hive, new Dictionary<string, string?>
        {
            ["DOTNET_STARTUP_HOOKS"] = Hook,
            // The engine fills hundreds of megabytes a command and needs few of them again: the collector has little to do beside it, and seldom.
            ["DOTNET_gcConcurrent"] = "0",
            ["DOTNET_GCgen0size"] = "0x4000000",
        }) };
        process.Start();
        return await process.StandardOutput.ReadLineAsync() == StartupHook.Ready;
    }
}
