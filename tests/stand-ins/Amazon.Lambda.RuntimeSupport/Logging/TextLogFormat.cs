using System.Globalization;
using Amazon.Lambda.Core;

namespace Amazon.Lambda.RuntimeSupport.Logging;

/// <summary><c>time TAB request id TAB level TAB message</c>, the exception below it.</summary>
internal sealed class TextLogFormat(bool prefix) : LogFormat
{
    public override string Line(in LogEntry entry)
    {
        var message = MessageTemplate.Parse(entry.Template, entry.Arguments).Render(entry.Arguments);
        var separator = message.Length > 0 && entry.Exception is not null ? "\n" : "";
        var text = $"{message}{separator}{entry.Exception}";
        if (!prefix)
        {
            return text;
        }

        var time = entry.Time.ToString(LogEntry.TimeFormat, CultureInfo.InvariantCulture);
        return $"{time}\t{entry.Invocation?.AwsRequestId}\t{Label(entry.Level)}\t{text}";
    }

    private static string Label(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        LogLevel.Critical => "crit",
        _ => level.ToString(),
    };
}
