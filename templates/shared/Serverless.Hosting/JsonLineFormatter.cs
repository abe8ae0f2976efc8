using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Serverless;

/// <summary>
/// Writes a line of the log as Lambda's .NET runtime does in its JSON format, so that a log platform reads the lines of both alike:
/// <c>{"timestamp", "level", "traceId", "message", "category", the message's arguments, "errorType", "errorMessage", "stackTrace"}</c>.
/// </summary>
internal sealed class JsonLineFormatter() : ConsoleFormatter(Name)
{
    /// <summary>The formatter's name.</summary>
    public new const string Name = "json-line";

    private const string Template = "{OriginalFormat}";

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("timestamp", DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null));
            json.WriteString("level", logEntry.LogLevel.ToString());
            if (Trace.Current is { } trace)
                json.WriteString("traceId", trace);
            json.WriteString("message", logEntry.Formatter(logEntry.State, logEntry.Exception));
            json.WriteString("category", logEntry.Category);
            if (logEntry.State is IReadOnlyList<KeyValuePair<string, object?>> arguments)
                WriteArguments(json, arguments);
            if (logEntry.Exception is { } exception)
                WriteException(json, exception);
            json.WriteEndObject();
        }

        textWriter.Write(Encoding.UTF8.GetString(buffer.WrittenSpan));
        textWriter.Write('\n');
    }

    private static void WriteArguments(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>> arguments)
    {
        foreach (var (name, value) in arguments)
        {
            if (name == Template)
                continue;
            if (value is int number)
                json.WriteNumber(name, number);
            else
                json.WriteString(name, value?.ToString());
        }
    }

    private static void WriteException(Utf8JsonWriter json, Exception exception)
    {
        json.WriteString("errorType", exception.GetType().FullName);
        json.WriteString("errorMessage", exception.Message);
        json.WriteStartArray("stackTrace");
        foreach (var line in exception.ToString().Split('\n'))
            json.WriteStringValue(line.TrimEnd('\r'));
        json.WriteEndArray();
    }
}
