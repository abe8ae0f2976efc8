using System;
using System.Buffers;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Amazon.Lambda.RuntimeSupport.Logging;

/// <summary>
/// A JSON object a line: timestamp, level, requestId, tenantId, traceId, message, the arguments by their names in the
/// template, errorType, errorMessage, stackTrace. What is not known is left out.
/// </summary>
internal sealed class JsonLogFormat : LogFormat
{
    private static readonly JsonSerializerOptions ObjectOptions =
        new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public override string Line(in LogEntry entry)
    {
        var template = MessageTemplate.Parse(entry.Template, entry.Arguments);
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteString("timestamp", entry.Time.ToString(LogEntry.TimeFormat, CultureInfo.InvariantCulture));
        writer.WriteString("level", entry.Level.ToString());
        WriteIfKnown(writer, "requestId", entry.Invocation?.AwsRequestId);
        WriteIfKnown(writer, "tenantId", entry.Invocation?.TenantId);
        WriteIfKnown(writer, "traceId", entry.Invocation?.TraceId);
        writer.WriteString("message", template.Render(entry.Arguments));
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
            writer.WriteString("errorType", exception.GetType().FullName);
            writer.WriteString("errorMessage", exception.Message);
            writer.WriteStartArray("stackTrace");
            foreach (var line in exception.ToString().Split('\n'))
            {
                writer.WriteStringValue(line.Trim());
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteIfKnown(Utf8JsonWriter writer, string name, string value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            writer.WriteString(name, value);
        }
    }

    private static void WriteArgument(Utf8JsonWriter writer, TemplateHole hole, object argument)
    {
        switch (argument)
        {
            case IList<byte>:
                WriteValue(writer, hole, argument);
                break;

            case IList list:
                writer.WriteStartArray();
                foreach (var item in list)
                {
                    WriteValue(writer, hole, item);
                }

                writer.WriteEndArray();
                break;

            case IDictionary members:
                writer.WriteStartObject();
                foreach (DictionaryEntry member in members)
                {
                    writer.WritePropertyName(member.Key.ToString());
                    WriteValue(writer, hole, member.Value);
                }

                writer.WriteEndObject();
                break;

            default:
                WriteValue(writer, hole, argument);
                break;
        }
    }

    private static void WriteValue(Utf8JsonWriter writer, TemplateHole hole, object value)
    {
        if (hole.AsJson && value is not null)
        {
            WriteObject(writer, value);
            return;
        }

        if (hole.Format is not null && value is not null)
        {
            writer.WriteStringValue(hole.ApplyFormat(value));
            return;
        }

        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case bool truth:
                writer.WriteBooleanValue(truth);
                break;
            case byte or sbyte or short or ushort or int or long:
                writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case uint or ulong:
                writer.WriteNumberValue(Convert.ToUInt64(value, CultureInfo.InvariantCulture));
                break;
            case float number:
                writer.WriteNumberValue(number);
                break;
            case double number:
                writer.WriteNumberValue(number);
                break;
            case decimal number:
                writer.WriteNumberValue(number);
                break;
            default:
                writer.WriteStringValue(TemplateHole.Text(value));
                break;
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "What was trimmed away is written as text.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "What needs code made at run time is written as text.")]
    private static void WriteObject(Utf8JsonWriter writer, object value)
    {
        string json;
        try
        {
            json = JsonSerializer.Serialize(value, ObjectOptions);
        }
        catch (Exception)
        {
            // As the real package does, whatever the reason: the type was trimmed away, or the value is NaN, which JSON does not have.
            writer.WriteStringValue(value.ToString());
            return;
        }

        writer.WriteRawValue(json);
    }
}
