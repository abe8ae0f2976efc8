using System.Diagnostics;

namespace Serverless.Testing;

/// <summary>A part of <c>npm run local</c>, for as long as the tests need it: a script of <c>shared/local</c>, in a process of its own.</summary>
public sealed class LocalScript : IAsyncDisposable
{
    // In the service's folder, or beside it in a venture.
    private static readonly string Folder = new[] { "shared/local", "../shared/local" }.Select(folder => Path.Combine(Deployment.ServiceFolder, folder)).First(Directory.Exists);

    private readonly Process process;
    private readonly List<string> output = [];

    private LocalScript(string script, IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        process = new Process
        {
            StartInfo = new ProcessStartInfo("node", [Path.Combine(Folder, script), .. arguments])
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

    /// <summary>Starts the user pool and waits until it answers. Its only app client is <c>local-client</c>, and its code is always 123456.</summary>
    /// <param name="folder">Where it keeps its users.</param>
    /// <param name="trigger">The server that answers Lambda's Invoke API for the function <c>postConfirmation</c>.</param>
    /// <returns>The script, and the issuer that the pool's tokens name.</returns>
    public static async Task<(LocalScript Script, string Issuer)> StartUserPoolAsync(string folder, Uri trigger)
    {
        ArgumentNullException.ThrowIfNull(trigger);
        var port = Loopback.FreePort();
        var issuer = $"http://127.0.0.1:{port}/local_users";
        using var http = new HttpClient();
        var script = await StartAsync(
            new LocalScript("user-pool.mjs", new Dictionary<string, string?> { ["POOL_PORT"] = $"{port}", ["POOL_FOLDER"] = folder, ["TRIGGER_URL"] = trigger.ToString() }),
            _ => AnswersAsync(http, new Uri($"{issuer}/.well-known/jwks.json")));
        return (script, issuer);
    }

    /// <summary>Starts the tables of the service's resources and waits until they are there. They are kept in memory.</summary>
    /// <returns>The script, and where DynamoDB is.</returns>
    public static async Task<(LocalScript Script, string Address)> StartTablesAsync()
    {
        const string Ready = "Tables: ";
        var script = await StartAsync(
            new LocalScript("tables.mjs", new Dictionary<string, string?>(), Deployment.ServiceFolder),
            output => Task.FromResult(output.Any(line => line.StartsWith(Ready, StringComparison.Ordinal))));
        return (script, script.Output.First(line => line.StartsWith(Ready, StringComparison.Ordinal))[Ready.Length..]);
    }

    /// <exception cref="TimeoutException">The script has ended, or is not ready after a minute; the message holds what it has written.</exception>
    private static async Task<LocalScript> StartAsync(LocalScript script, Func<IReadOnlyList<string>, Task<bool>> isReady)
    {
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
        throw new TimeoutException($"{script.process.StartInfo.ArgumentList[0]} has not started: {written}");
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

    private static async Task<bool> AnswersAsync(HttpClient http, Uri address)
    {
        try
        {
            using var response = await http.GetAsync(address);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (output)
            output.Add(line);
    }
}
