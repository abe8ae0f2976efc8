using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Serverless;

/// <summary>A function's answer to an <see cref="ApiRequest"/>.</summary>
public sealed class ApiResponse(int status)
{
    /// <summary>The HTTP status code.</summary>
    public int Status { get; } = status;

    /// <summary>The media type of the body; null if there is none.</summary>
    public string? ContentType { get; init; }

    /// <summary>The body, in UTF-8.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Headers beside <c>Content-Type</c> and the trace's, which every answer carries.</summary>
    public Dictionary<string, string> Headers { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The problem that the answer reports; null if it reports none.</summary>
    public Problem? Problem { get; private init; }

    /// <summary>An answer that holds a JSON document.</summary>
    public static ApiResponse Json<T>(int status, T value, JsonTypeInfo<T> type) => new(status)
    {
        ContentType = "application/json",
        Body = JsonSerializer.SerializeToUtf8Bytes(value, type),
    };

    /// <summary>
    /// An answer that holds a JSON document, written token by token. It spares the first answer the preparation of
    /// <see cref="JsonSerializer"/> for the type, a tenth of a function's start.
    /// </summary>
    /// <param name="status">The HTTP status code.</param>
    /// <param name="value">The document. A source-generated context has its type, which openapi.json describes.</param>
    /// <param name="write">Writes it.</param>
    public static ApiResponse Json<T>(int status, T value, Action<Utf8JsonWriter, T> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        var body = new MemoryStream(256);
        using (var writer = new Utf8JsonWriter(body))
            write(writer, value);
        return new(status)
        {
            ContentType = "application/json",
            Body = body.GetBuffer().AsMemory(0, (int)body.Length),
        };
    }

    /// <summary>204: done, and nothing to say.</summary>
    public static ApiResponse NoContent() => new(204);

    /// <summary>An answer that says why there is no other, by RFC 9457.</summary>
    public static ApiResponse From(Problem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        var response = new ApiResponse(problem.Status)
        {
            ContentType = "application/problem+json",
            Body = JsonSerializer.SerializeToUtf8Bytes(problem, ProblemJson.Default.Problem),
            Problem = problem,
        };
        if (problem.Status == 401)
            response.Headers["WWW-Authenticate"] = "Bearer";
        if (problem.Status == 503)
            response.Headers["Retry-After"] = "1";
        return response;
    }
}
