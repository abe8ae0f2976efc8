using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Serverless.Runtime;

/// <summary>What a failed invocation is answered with.</summary>
internal static class ErrorDocument
{
    private const int MaxBytes = 256 * 1024;

    // A header holds no line breaks.
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonWriterOptions Indented = Compact with { Indented = true, NewLine = "\n" };

    /// <summary>
    /// <c>{"errorType","errorMessage","stackTrace":[…],"cause":{…},"causes":[…]}</c>: the type without its namespace, the stack trace a
    /// line each, the inner exceptions in the same shape.
    /// </summary>
    public static string Of(Exception exception)
    {
        var document = Write(writer => WriteException(writer, exception), Indented) + "\n";
        return Encoding.UTF8.GetByteCount(document) <= MaxBytes ? document : """{"errorMessage": "Exception exceeded maximum payload size of 256KB."}""";
    }

    /// <summary>For X-Ray: <c>{"working_directory","exceptions":[{"type","message","stack":[{"path","label","line"}]}],"paths":[…]}</c>.</summary>
    public static string XRayCause(Exception exception) => Write(
        writer =>
        {
            var frames = new StackTrace(exception, fNeedFileInfo: true).GetFrames();
            writer.WriteStartObject();
            writer.WriteString("working_directory", Directory.GetCurrentDirectory());
            writer.WriteStartArray("exceptions");
            writer.WriteStartObject();
            writer.WriteString("type", exception.GetType().Name);
            writer.WriteString("message", exception.Message.Trim());
            if (frames.Length > 0)
            {
                writer.WriteStartArray("stack");
                foreach (var frame in frames)
                    WriteFrame(writer, frame);
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteStartArray("paths");
            foreach (var path in frames.Select(frame => frame.GetFileName()).Where(path => path is not null).Distinct())
                writer.WriteStringValue(path);
            writer.WriteEndArray();
            writer.WriteEndObject();
        },
        Compact);

    private static void WriteException(Utf8JsonWriter writer, Exception exception)
    {
        writer.WriteStartObject();
        writer.WriteString("errorType", exception.GetType().Name);
        writer.WriteString("errorMessage", exception.Message.Trim());
        if ((exception.StackTrace ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } lines)
        {
            writer.WriteStartArray("stackTrace");
            foreach (var line in lines)
                writer.WriteStringValue(line);
            writer.WriteEndArray();
        }

        if (exception.InnerException is { } cause)
        {
            writer.WritePropertyName("cause");
            WriteException(writer, cause);
        }

        if (exception is AggregateException { InnerExceptions: { Count: > 0 } causes })
        {
            writer.WriteStartArray("causes");
            foreach (var one in causes)
                WriteException(writer, one);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteFrame(Utf8JsonWriter writer, StackFrame frame)
    {
        var method = DiagnosticMethodInfo.Create(frame);
        writer.WriteStartObject();
        if (frame.GetFileName() is { } path)
            writer.WriteString("path", path);
        writer.WriteString("label", method is null ? "Method has been trimmed" : $"{method.DeclaringTypeName[(method.DeclaringTypeName.LastIndexOfAny(['.', '+']) + 1)..]}.{method.Name}");
        if (frame.GetFileName() is not null)
            writer.WriteNumber("line", frame.GetFileLineNumber());
        writer.WriteEndObject();
    }

    private static string Write(Action<Utf8JsonWriter> write, JsonWriterOptions options)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, options))
            write(writer);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
