using System.Buffers.Binary;
using System.Text;
using Amazon.Lambda.Core;
using Microsoft.Win32.SafeHandles;

namespace Serverless.Runtime;

/// <summary>
/// The function's log. <c>AWS_LAMBDA_LOG_FORMAT</c> says how a line looks, <c>AWS_LAMBDA_LOG_LEVEL</c> from which level on it is
/// written. Lines written to <see cref="Console.Out"/> and <see cref="Console.Error"/> take the same format, at the levels
/// Information and Error; what is written without a line end passes as it is.
/// </summary>
internal sealed class LambdaLog : ILambdaLogger
{
    private readonly LogFormat format = LogFormat.FromEnvironment();
    private readonly LogLevel minimum = MinimumLevel();
    private readonly Lock written = new();
    private readonly Lazy<Stream> output;
    private readonly Lazy<Stream> error;

    /// <summary>Makes the log. Standard output and error are opened by the first line that goes there.</summary>
    public LambdaLog()
    {
        var telemetry = TelemetryLog.Open();
        output = new(() => telemetry ?? Console.OpenStandardOutput());
        error = new(() => telemetry ?? Console.OpenStandardError());
    }

    /// <summary>The invocation that the lines belong to; null before the first.</summary>
    public Invocation? Invocation { get; set; }

    /// <summary>Lets the lines of the console pass through the log.</summary>
    public void TakeOverConsole()
    {
        Console.SetOut(new ConsoleLines(text => WriteText(output.Value, text), line => WriteLine(output, nameof(LogLevel.Information), null, line, [])));
        Console.SetError(new ConsoleLines(text => WriteText(error.Value, text), line => WriteLine(error, nameof(LogLevel.Error), null, line, [])));
    }

    /// <inheritdoc/>
    public void Log(string message) => WriteText(output.Value, message);

    /// <inheritdoc/>
    public void LogLine(string message) => Log(nameof(LogLevel.Information), null, message);

    /// <inheritdoc/>
    public void Log(string level, string message) => Log(level, null, message);

    /// <inheritdoc/>
    public void Log(string level, string message, params object[] args) => Log(level, null, message, args);

    /// <inheritdoc/>
    public void Log(string level, Exception? exception, string message, params object[] args) => WriteLine(output, level, exception, message, args);

    private void WriteLine(Lazy<Stream> stream, string levelName, Exception? exception, string? template, object?[]? arguments)
    {
        // A line without a known level is never held back, and shows as Trace.
        if (Enum.TryParse<LogLevel>(levelName, ignoreCase: true, out var level) && level < minimum)
            return;
        var line = format.Line(new LogEntry(DateTime.UtcNow, level, Invocation, template ?? "", arguments ?? [], exception));
        lock (written)
        {
            stream.Value.Write(line.Span);
            stream.Value.Flush();
        }
    }

    private void WriteText(Stream stream, string? text)
    {
        lock (written)
        {
            stream.Write(Encoding.UTF8.GetBytes(text ?? ""));
            stream.Flush();
        }
    }

    private static LogLevel MinimumLevel()
    {
        var name = LogFormat.Setting("AWS_LAMBDA_HANDLER_LOG_LEVEL", "AWS_LAMBDA_LOG_LEVEL");
        // What Lambda sets stands here: reading the names of an enum takes 3 % of a start.
        return name?.ToUpperInvariant() switch
        {
            "TRACE" => LogLevel.Trace,
            "DEBUG" => LogLevel.Debug,
            null or "INFO" => LogLevel.Information,
            "WARN" => LogLevel.Warning,
            "ERROR" => LogLevel.Error,
            "FATAL" => LogLevel.Critical,
            _ => Enum.TryParse<LogLevel>(name, ignoreCase: true, out var level) ? level : LogLevel.Information,
        };
    }

    /// <summary>
    /// Where AWS's own runtimes write instead of to standard output: each write becomes one event of CloudWatch Logs, whatever line
    /// breaks it holds. Frames of kind, length and time in microseconds since 1970, big-endian: 4, 4 and 8 bytes.
    /// </summary>
    private sealed class TelemetryLog(SafeFileHandle handle) : FileStream(handle, FileAccess.Write, bufferSize: 0)
    {
        private const int HeaderLength = 16;
        private const uint Text = 0xa55a0003;
        private const uint Json = 0xa55a0002;

        private readonly uint kind = string.Equals(Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_FORMAT"), "JSON", StringComparison.OrdinalIgnoreCase) ? Json : Text;

        /// <summary>Opens the file that Lambda names; null if it names none.</summary>
        public static TelemetryLog? Open() =>
            int.TryParse(Environment.GetEnvironmentVariable("_LAMBDA_TELEMETRY_LOG_FD"), out var descriptor) ? new TelemetryLog(new SafeFileHandle(descriptor, ownsHandle: false)) : null;

        /// <inheritdoc/>
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            var frame = new byte[HeaderLength + buffer.Length];
            BinaryPrimitives.WriteUInt32BigEndian(frame, kind);
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), buffer.Length);
            BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(8), (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
            buffer.CopyTo(frame.AsSpan(HeaderLength));
            base.Write(frame);
        }
    }
}
