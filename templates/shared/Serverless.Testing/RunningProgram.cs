using System.Diagnostics;

namespace Serverless.Testing;

/// <summary>A program of the service in a process of its own.</summary>
public class RunningProgram : IAsyncDisposable
{
    private readonly Process process;
    private readonly List<string> output = [];
    private readonly List<string> errors = [];

    /// <summary>Starts a program.</summary>
    /// <param name="binary">A native binary, or an assembly.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="environment">Variables to set beside those of the tests; null takes one away.</param>
    public RunningProgram(string binary, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var isManaged = IsManaged(binary);
        var start = new ProcessStartInfo(isManaged ? Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet" : binary, [.. isManaged ? [binary] : Array.Empty<string>(), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Add(output, line.Data);
        process.ErrorDataReceived += (_, line) => Add(errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it has written to standard output so far, line by line.</summary>
    public IReadOnlyList<string> Output => Copy(output);

    /// <summary>What it has written to standard error so far, line by line.</summary>
    public IReadOnlyList<string> Errors => Copy(errors);

    /// <summary>Waits for a line on standard output, written before or after this call.</summary>
    /// <exception cref="TimeoutException">It has not come after ten seconds; the message holds what came instead.</exception>
    public async Task<string> WaitForOutputAsync(Func<string, bool> condition)
    {
        for (var waited = 0; waited < 200; waited++)
        {
            if (Output.FirstOrDefault(condition) is { } line)
                return line;
            await Task.Delay(50);
        }
        throw new TimeoutException($"The line has not come. Output: {string.Join('\n', Output)} Errors: {string.Join('\n', Errors)}");
    }

    /// <summary>Sends SIGTERM, as Lambda does before it ends an environment that has an extension, and waits until the process has ended.</summary>
    /// <returns>How long it took to end.</returns>
    public async Task<TimeSpan> TerminateAsync()
    {
        SendTerm();
        var sent = Stopwatch.GetTimestamp();
        await process.WaitForExitAsync();
        return Stopwatch.GetElapsedTime(sent);
    }

    /// <summary>Sends SIGTERM.</summary>
    public void SendTerm()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
    }

    /// <summary>Waits until the process has ended by itself.</summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="TimeoutException">It has not ended after a minute.</exception>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        return process.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private protected static bool IsManaged(string binary) => binary.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);

    private static void Add(List<string> lines, string? line)
    {
        if (line is null)
            return;
        lock (lines)
            lines.Add(line);
    }

    private static List<string> Copy(List<string> lines)
    {
        lock (lines)
            return [.. lines];
    }
}
