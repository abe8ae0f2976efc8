using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Amazon.Lambda.Core;

namespace Serverless.Runtime;

/// <summary>A line of the log before it is written.</summary>
internal readonly record struct LogEntry(DateTime Time, LogLevel Level, Invocation? Invocation, string Template, object?[] Arguments, Exception? Exception)
{
    public string TimeText => LogFormat.TextOf(Time);
}

/// <summary>How a log line looks: <c>AWS_LAMBDA_LOG_FORMAT</c> says, or <c>AWS_LAMBDA_HANDLER_LOG_FORMAT</c> over it.</summary>
internal abstract class LogFormat
{
    /// <summary>The line in UTF-8, with its line break.</summary>
    public abstract ReadOnlyMemory<byte> Line(in LogEntry entry);

    /// <summary>The format that the environment asks for.</summary>
    public static LogFormat FromEnvironment() =>
        Setting("AWS_LAMBDA_HANDLER_LOG_FORMAT", "AWS_LAMBDA_LOG_FORMAT")?.ToUpperInvariant() switch
        {
            "JSON" => new JsonLogFormat(),
            "UNFORMATTED" => new TextLogFormat(hasPrefix: false),
            _ => new TextLogFormat(hasPrefix: true),
        };

    /// <summary>A variable, or the other one if it is empty.</summary>
    public static string? Setting(string variable, string fallback) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : Environment.GetEnvironmentVariable(fallback);

    /// <summary>An argument as text. Bytes are shown, not dumped.</summary>
    public static string TextOf(object? value) => value switch
    {
        byte[] bytes => bytes.Length <= 16 ? Convert.ToHexString(bytes) : string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexString(bytes.AsSpan(0, 16))}... ({bytes.Length} bytes)"),
        DateTime time => time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TimeOnly time => time.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}

/// <summary><c>time TAB request id TAB level TAB message</c>, the exception below it.</summary>
internal sealed class TextLogFormat(bool hasPrefix) : LogFormat
{
    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Line(in LogEntry entry)
    {
        var message = MessageTemplate.Parse(entry.Template, entry.Arguments).Fill(entry.Arguments);
        var separator = message.Length > 0 && entry.Exception is not null ? "\n" : "";
        var prefix = hasPrefix ? $"{entry.TimeText}\t{entry.Invocation?.RequestId}\t{NameOf(entry.Level)}\t" : "";
        return Encoding.UTF8.GetBytes($"{prefix}{message}{separator}{entry.Exception}\n");
    }

    private static string NameOf(LogLevel level) => level switch
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

/// <summary>
/// A JSON object a line: timestamp, level, requestId, tenantId, traceId, message, the arguments by their names in the template,
/// errorType, errorMessage, stackTrace. What is not known is left out.
/// </summary>
internal sealed class JsonLogFormat : LogFormat
{
    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Line(in LogEntry entry)
    {
        var template = MessageTemplate.Parse(entry.Template, entry.Arguments);
        var line = new MemoryStream(512);
        using (var writer = new Utf8JsonWriter(line))
        {
            writer.WriteStartObject();
            writer.WriteString("timestamp"u8, entry.TimeText);
            writer.WriteString("level"u8, entry.Level.ToString());
            WriteIfKnown(writer, "requestId", entry.Invocation?.RequestId);
            WriteIfKnown(writer, "tenantId", entry.Invocation?.TenantId);
            WriteIfKnown(writer, "traceId", entry.Invocation?.TraceId);
            writer.WriteString("message"u8, template.Fill(entry.Arguments));
            foreach (var (hole, argument) in template.Match(entry.Arguments))
            {
                if (argument is not null)
                {
                    writer.WritePropertyName(hole.Name);
                    WriteArgument(writer, hole, argument);
                }
            }

            if (entry.Exception is { } exception)
            {
                writer.WriteString("errorType"u8, exception.GetType().FullName);
                writer.WriteString("errorMessage"u8, exception.Message);
                writer.WriteStartArray("stackTrace"u8);
                foreach (var text in exception.ToString().Split('\n'))
                    writer.WriteStringValue(text.AsSpan().Trim());
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        return line.GetBuffer().AsMemory(0, (int)line.Length);
    }

    private static void WriteIfKnown(Utf8JsonWriter writer, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            writer.WriteString(name, value);
    }

    private static void WriteArgument(Utf8JsonWriter writer, MessageTemplate.Hole hole, object argument)
    {
        switch (argument)
        {
            case IList and not byte[]:
                writer.WriteStartArray();
                foreach (var item in (IList)argument)
                    WriteValue(writer, hole, item);
                writer.WriteEndArray();
                break;

            case IDictionary members:
                writer.WriteStartObject();
                foreach (DictionaryEntry member in members)
                {
                    writer.WritePropertyName(TextOf(member.Key));
                    WriteValue(writer, hole, member.Value);
                }

                writer.WriteEndObject();
                break;

            default:
                WriteValue(writer, hole, argument);
                break;
        }
    }

    private static void WriteValue(Utf8JsonWriter writer, MessageTemplate.Hole hole, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case not null when hole.Format is not null:
                writer.WriteStringValue(hole.TextOf(value));
                break;
            case bool truth:
                writer.WriteBooleanValue(truth);
                break;
            case byte or sbyte or short or ushort or int or uint or long:
                writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case ulong number:
                writer.WriteNumberValue(number);
                break;
            case decimal number:
                writer.WriteNumberValue(number);
                break;
            // JSON has no NaN and no infinity.
            case float number when float.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            default:
                writer.WriteStringValue(TextOf(value));
                break;
        }
    }
}
