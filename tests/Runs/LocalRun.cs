using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Serverless.Templates.Tests;

/// <summary><c>npm run local</c> of a generated repository, in a process of its own.</summary>
public sealed partial class LocalRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly List<string> output = [];
    private readonly HttpClient http = new();
    private readonly Process process;

    private LocalRun(string folder)
    {
        process = new Process { StartInfo = Command.StartInfo(Command.PathOf("node"), ["shared/local/start.mjs"], folder) };
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
    }

    /// <summary>What it has written, line by line.</summary>
    public IReadOnlyList<string> Output
    {
        get
        {
            lock (output)
                return [.. output];
        }
    }

    /// <summary>Starts it and waits until everything is up.</summary>
    public static async Task<LocalRun> StartAsync(string folder)
    {
        var run = new LocalRun(folder);
        run.process.Start();
        run.process.BeginOutputReadLine();
        run.process.BeginErrorReadLine();
        await run.WaitForAsync(line => line.Contains("Ctrl+C ends everything.", StringComparison.Ordinal));
        return run;
    }

    /// <summary>The address of a service.</summary>
    public Uri this[string service] => new(Output.Select(line => Address().Match(line)).First(match => match.Groups["name"].Value == service).Groups["address"].Value);

    /// <summary>The ports of everything that it has said to run.</summary>
    public IEnumerable<int> Ports => Output.Select(line => Address().Match(line)).Where(match => match.Success).Select(match => new Uri(match.Groups["address"].Value).Port);

    /// <summary>The token of the user who is signed in.</summary>
    public Task<string> TokenAsync() => File.ReadAllTextAsync(Output.Select(line => TokenFile().Match(line)).First(match => match.Success).Groups[1].Value);

    /// <summary>Calls a service as the user who is signed in.</summary>
    public async Task<(int Status, string Body)> CallAsync(string service, string path, string traceId, string? json = null)
    {
        using var request = new HttpRequestMessage(json is null ? HttpMethod.Get : HttpMethod.Post, new Uri(this[service], path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync());
        request.Headers.Add("X-Amzn-Trace-Id", $"Root={traceId}");
        if (json is not null)
            request.Content = new StringContent(json, MediaTypeHeaderValue.Parse("application/json"));
        using var response = await http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Waits for a line of the output.</summary>
    public async Task<string> WaitForAsync(Func<string, bool> isTheLine)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Patience && !process.HasExited; await Task.Delay(100))
            if (Output.FirstOrDefault(isTheLine) is { } line)
                return line;
        throw new TimeoutException($"The local run has not written the line: {string.Join('\n', Output)}");
    }

    /// <summary>Presses Ctrl+C and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> InterruptAsync()
    {
        (await Command.Run(Command.PathOf("kill"), ["-INT", $"{process.Id}"], Path.GetTempPath())).Succeeded();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    /// <summary>Whether something listens on a port.</summary>
    public static async Task<bool> ListensAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        http.Dispose();
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (output)
            output.Add(line);
    }

    [GeneratedRegex(@"^  (?<name>\w[\w -]*?)\s+(?<address>http://127\.0\.0\.1:\d+)")]
    private static partial Regex Address();

    [GeneratedRegex(@"cat '([^']+)'")]
    private static partial Regex TokenFile();
}
