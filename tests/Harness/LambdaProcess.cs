using System.Diagnostics;
using System.Text;

namespace Serverless.Templates.Tests;

/// <summary>A published binary in a process of its own, over the Lambda Runtime API, with the variables that Lambda sets.</summary>
public sealed class LambdaProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();

    private LambdaProcess(Process process) => this.process = process;

    /// <summary>The number by which the system knows it.</summary>
    public int Id => process.Id;

    /// <summary>The most memory it has held, in bytes. The system knows it while it runs.</summary>
    public long PeakMemory
    {
        get
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
    }

    /// <summary>What it has used of the processors.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Whether it is still there.</summary>
    public bool IsRunning => !process.HasExited;

    /// <summary>What it has written so far.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>Starts it.</summary>
    /// <param name="binary">The native binary, or <c>bootstrap.dll</c>.</param>
    /// <param name="function">Its name in the Runtime API.</param>
    /// <param name="environment">Variables as serverless.yml sets them, <c>_HANDLER</c> among them.</param>
    public static LambdaProcess Start(string binary, RuntimeApi api, string function, IReadOnlyDictionary<string, string?> environment)
    {
        var isManaged = binary.EndsWith(".dll", StringComparison.Ordinal);
        var variables = new Dictionary<string, string?>
        {
            ["AWS_LAMBDA_RUNTIME_API"] = api.AddressOf(function),
            ["AWS_LAMBDA_FUNCTION_NAME"] = $"acme-example-dev-{function}",
            ["AWS_LAMBDA_FUNCTION_VERSION"] = "$LATEST",
            ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = isManaged ? "512" : "128",
            ["AWS_LAMBDA_LOG_GROUP_NAME"] = $"/aws/lambda/acme-example-dev-{function}",
            ["AWS_LAMBDA_LOG_STREAM_NAME"] = "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef",
            ["AWS_LAMBDA_LOG_FORMAT"] = "JSON",
            ["AWS_REGION"] = "ap-southeast-2",
            ["AWS_ACCESS_KEY_ID"] = "test",
            ["AWS_SECRET_ACCESS_KEY"] = "test",
            ["AWS_SESSION_TOKEN"] = "session",
        };
        foreach (var (name, value) in environment)
            variables[name] = value;

        var start = isManaged
            ? Command.StartInfo(Command.DotnetHost, [binary], Path.GetDirectoryName(binary)!, variables)
            : Command.StartInfo(binary, [], Path.GetDirectoryName(binary)!, variables);
        var started = new LambdaProcess(new Process { StartInfo = start });
        started.process.OutputDataReceived += (_, line) => started.Add(line.Data);
        started.process.ErrorDataReceived += (_, line) => started.Add(line.Data);
        started.process.Start();
        started.process.BeginOutputReadLine();
        started.process.BeginErrorReadLine();
        return started;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private void Add(string? line)
    {
        lock (output)
            output.AppendLine(line);
    }
}
