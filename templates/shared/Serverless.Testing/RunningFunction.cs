using System.Diagnostics;

namespace Serverless.Testing;

/// <summary>A function of the service in a process of its own, as Lambda runs it: the built binary, over a <see cref="RuntimeApi"/>.</summary>
public sealed class RunningFunction : IAsyncDisposable
{
    private readonly Process process;
    private readonly List<string> output = [];
    private readonly List<string> errors = [];

    private RunningFunction(Process process) => this.process = process;

    /// <summary>What it has written to standard output so far, line by line.</summary>
    public IReadOnlyList<string> Output => Copy(output);

    /// <summary>What it has written to standard error so far, line by line.</summary>
    public IReadOnlyList<string> Errors => Copy(errors);

    /// <summary>
    /// Starts the binary: <c>bootstrap.dll</c> beside the tests, or the file that the environment variable <c>SERVICE_BINARY</c>
    /// names, such as the native one.
    /// </summary>
    /// <param name="handler">The function, as the <c>handler:</c> of serverless.yml names it.</param>
    /// <param name="api">Hands it its invocations, under the handler's name.</param>
    /// <param name="environment">Variables to set beside those that Lambda sets; null takes one away.</param>
    public static RunningFunction Start(string handler, RuntimeApi api, IReadOnlyDictionary<string, string?>? environment = null)
    {
        ArgumentNullException.ThrowIfNull(api);
        var binary = Environment.GetEnvironmentVariable("SERVICE_BINARY") ?? Path.Combine(AppContext.BaseDirectory, "bootstrap.dll");
        var isManaged = binary.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        var start = new ProcessStartInfo(isManaged ? Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet" : binary)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (isManaged)
            start.ArgumentList.Add(binary);

        var variables = new Dictionary<string, string?>
        {
            ["_HANDLER"] = handler,
            ["AWS_LAMBDA_RUNTIME_API"] = api.AddressOf(handler),
            ["AWS_LAMBDA_FUNCTION_NAME"] = $"service-dev-{handler}",
            ["AWS_LAMBDA_FUNCTION_VERSION"] = "$LATEST",
            ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = isManaged ? "512" : "128",
            ["AWS_LAMBDA_LOG_GROUP_NAME"] = $"/aws/lambda/service-dev-{handler}",
            ["AWS_LAMBDA_LOG_STREAM_NAME"] = "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef",
            ["AWS_LAMBDA_LOG_FORMAT"] = "JSON",
            ["AWS_REGION"] = "ap-southeast-2",
            ["AWS_ACCESS_KEY_ID"] = "test",
            ["AWS_SECRET_ACCESS_KEY"] = "test",
            ["AWS_SESSION_TOKEN"] = "test",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            variables[name] = value;
        foreach (var (name, value) in variables)
            start.Environment[name] = value;

        var function = new RunningFunction(new Process { StartInfo = start });
        function.process.OutputDataReceived += (_, line) => Add(function.output, line.Data);
        function.process.ErrorDataReceived += (_, line) => Add(function.errors, line.Data);
        function.process.Start();
        function.process.BeginOutputReadLine();
        function.process.BeginErrorReadLine();
        return function;
    }

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
        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        var sent = Stopwatch.GetTimestamp();
        await process.WaitForExitAsync();
        return Stopwatch.GetElapsedTime(sent);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
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
