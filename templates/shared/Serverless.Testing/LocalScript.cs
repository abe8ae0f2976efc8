using System.Diagnostics;

namespace Serverless.Testing;

/// <summary>What <c>npm run local</c> starts, for as long as the tests need it: <c>local/start.mjs</c> of the service, in a process of its own.</summary>
public sealed class LocalScript : IAsyncDisposable
{
    private readonly Process process;
    private readonly List<string> output = [];

    private LocalScript(IReadOnlyDictionary<string, string?> environment)
    {
        process = new Process
        {
            StartInfo = new ProcessStartInfo("node", [Path.Combine("local", "start.mjs")])
            {
                WorkingDirectory = Deployment.ServiceFolder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        foreach (var (name, value) in environment)
            process.StartInfo.Environment[name] = value;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
    }

    /// <summary>What it has written so far, line by line.</summary>
    public IReadOnlyList<string> Output
    {
        get
        {
            lock (output)
                return [.. output];
        }
    }

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <param name="environment">Its settings.</param>
    /// <param name="isReady">Whether it is ready, by what it has written so far.</param>
    /// <exception cref="TimeoutException">It has ended, or is not ready after a minute; the message holds what it has written.</exception>
    public static async Task<LocalScript> StartAsync(IReadOnlyDictionary<string, string?> environment, Func<IReadOnlyList<string>, Task<bool>> isReady)
    {
        ArgumentNullException.ThrowIfNull(isReady);
        var script = new LocalScript(environment);
        script.process.Start();
        script.process.BeginOutputReadLine();
        script.process.BeginErrorReadLine();
        for (var waited = 0; waited < 600 && !script.process.HasExited; waited++)
        {
            if (await isReady(script.Output))
                return script;
            await Task.Delay(100);
        }

        var written = string.Join('\n', script.Output);
        await script.DisposeAsync();
        throw new TimeoutException($"local/start.mjs has not started: {written}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (output)
            output.Add(line);
    }
}
