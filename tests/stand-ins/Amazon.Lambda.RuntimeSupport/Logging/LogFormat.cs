using System;

namespace Amazon.Lambda.RuntimeSupport.Logging;

/// <summary>How a log line looks: AWS_LAMBDA_LOG_FORMAT says, or AWS_LAMBDA_HANDLER_LOG_FORMAT over it.</summary>
internal abstract class LogFormat
{
    public abstract string Line(in LogEntry entry);

    public static LogFormat FromEnvironment() =>
        Setting("AWS_LAMBDA_HANDLER_LOG_FORMAT", "AWS_LAMBDA_LOG_FORMAT")?.ToUpperInvariant() switch
        {
            "JSON" => new JsonLogFormat(),
            "UNFORMATTED" => new TextLogFormat(prefix: false),
            _ => new TextLogFormat(prefix: true),
        };

    public static string Setting(string variable, string fallback) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
            ? value
            : Environment.GetEnvironmentVariable(fallback);
}
