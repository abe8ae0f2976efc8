using System;
using System.IO;
using Amazon.Lambda.Core;
using Amazon.Lambda.RuntimeSupport.RuntimeApi;

namespace Amazon.Lambda.RuntimeSupport.Logging;

/// <summary>
/// The function's log. Lines written to <see cref="Console.Out"/> and <see cref="Console.Error"/> take the same format, at
/// the levels Information and Error; what is written without a line end passes as it is.
/// </summary>
internal sealed class FunctionLog : ILambdaLogger
{
    private readonly LogFormat format = LogFormat.FromEnvironment();
    private readonly LogLevel minimumLevel = MinimumLevel();
    private readonly TextWriter output;
    private readonly object outputLock;

    private FunctionLog()
    {
        output = Console.Out;
        Console.SetOut(new ConsoleLines(output, line => Write(nameof(LogLevel.Information), null, line, [])));

        // The console locks its writer on every call, so the log shares that lock: no line lands inside another.
        outputLock = Console.Out;

        var error = Console.Error;
        Console.SetError(new ConsoleLines(error, line =>
            WriteTo(error, Console.Error, nameof(LogLevel.Error), null, line, [])));

        LambdaLogger.Write = Write;
    }

    /// <summary>The invocation that the lines belong to; null before the first.</summary>
    public InvocationHeaders Invocation { get; set; }

    public static FunctionLog TakeOverConsole() => new();

    public void Log(string message) => Console.Write(message);

    public void LogLine(string message) => Write(nameof(LogLevel.Information), null, message, []);

    public void Log(string level, string message) => Write(level, null, message, []);

    public void Log(string level, string message, params object[] args) => Write(level, null, message, args);

    public void Log(string level, Exception exception, string message, params object[] args) =>
        Write(level, exception, message, args);

    public void Write(string level, Exception exception, string template, object[] args) =>
        WriteTo(output, outputLock, level, exception, template, args);

    private void WriteTo(
        TextWriter writer, object writerLock, string levelName, Exception exception, string template, object[] args)
    {
        // As with the real client, a line without a known level is never held back, and shows as Trace.
        if (Enum.TryParse<LogLevel>(levelName, ignoreCase: true, out var level) && level < minimumLevel)
        {
            return;
        }

        var line = format.Line(new LogEntry(DateTime.UtcNow, level, Invocation, template ?? "", args ?? [], exception));
        lock (writerLock)
        {
            writer.WriteLine(line);
        }
    }

    private static LogLevel MinimumLevel()
    {
        var name = LogFormat.Setting("AWS_LAMBDA_HANDLER_LOG_LEVEL", "AWS_LAMBDA_LOG_LEVEL");
        return name?.ToUpperInvariant() switch
        {
            "FATAL" => LogLevel.Critical,
            "WARN" => LogLevel.Warning,
            _ => Enum.TryParse<LogLevel>(name, ignoreCase: true, out var level) ? level : LogLevel.Information,
        };
    }
}
