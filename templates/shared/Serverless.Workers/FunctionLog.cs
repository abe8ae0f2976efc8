using Amazon.Lambda.Core;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Serverless;

/// <summary>The log of a function that a host invokes: the lines of the host's log.</summary>
internal sealed class FunctionLog(ILogger logger) : ILambdaLogger
{
    /// <inheritdoc/>
    public void Log(string message) => LogLine(message);

    /// <inheritdoc/>
    public void LogLine(string message) => Log(nameof(LogLevel.Information), null, message);

    /// <inheritdoc/>
    public void Log(string level, string message, params object[] args) => Log(level, null, message, args);

    /// <inheritdoc/>
    public void Log(string level, Exception? exception, string message, params object[] args) =>
#pragma warning disable CA2254 // The template is the function's.
        logger.Log(Enum.TryParse<LogLevel>(level, out var known) ? known : LogLevel.Information, exception, message, args);
#pragma warning restore CA2254
}
