using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Serverless;

/// <summary>An HTTP request as a function sees it, whether it came through API Gateway or through Kestrel.</summary>
public sealed class ApiRequest
{
    /// <summary>The longest body that a function reads, in bytes. API Gateway itself would take 10 MB.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    private static readonly Dictionary<string, string> None = [];

    /// <summary>In capitals: <c>GET</c>, <c>POST</c>, …</summary>
    public required string Method { get; init; }

    /// <summary>The path as the client sent it, without the query.</summary>
    public required string Path { get; init; }

    /// <summary>The values of the route's <c>{names}</c>, decoded.</summary>
    public IReadOnlyDictionary<string, string> PathParameters { get; init; } = None;

    /// <summary>The query's values, decoded. Several values of one name are joined by a comma, as API Gateway does.</summary>
    public IReadOnlyDictionary<string, string> Query { get; init; } = None;

    /// <summary>The headers. Names are looked up in any case; several values of one name are joined by a comma.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = None;

    /// <summary>The body's bytes, empty if there is none.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Whom the authorizer let in; null on a route without one.</summary>
    public Caller? Caller { get; init; }

    /// <summary>The trace that the request belongs to, in the form of <see cref="Trace.Header"/>.</summary>
    public string? TraceId { get; init; }

    /// <summary>Is cancelled when nobody waits for the answer any more.</summary>
    public CancellationToken Cancelled { get; init; }

    /// <summary>Whom the authorizer let in.</summary>
    /// <exception cref="ProblemException">401: the request came past no authorizer, or with one that names nobody.</exception>
    public Caller RequireCaller() =>
        Caller ?? throw new ProblemException(401, "not_signed_in", "The request names no caller; expected a signed-in one.");

    /// <summary>The value of a <c>{name}</c> in the route's path.</summary>
    /// <exception cref="ProblemException">400: it is empty, or has more than 128 characters.</exception>
    public string PathParameter(string name)
    {
        var value = PathParameters.GetValueOrDefault(name, "");
        return value.Length is > 0 and <= 128
            ? value
            : throw new ProblemException(400, "invalid_path", $"The path's {{{name}}} has {value.Length} characters; expected 1 to 128.");
    }

    /// <summary>Reads the body as JSON.</summary>
    /// <param name="type">What to read, from a source-generated context.</param>
    /// <param name="expected">The form expected, in the words that a client is told.</param>
    /// <exception cref="ProblemException">413: the body is too long. 400: it is not the JSON that is expected.</exception>
    public T ReadJson<T>(JsonTypeInfo<T> type, string expected)
        where T : class
    {
        if (Body.Length > MaxBodyBytes)
            throw ProblemException.BodyTooLarge(Body.Length);
        if (Body.IsEmpty)
            throw new ProblemException(400, "invalid_body", $"The body is empty; expected {expected}.");
        try
        {
            return JsonSerializer.Deserialize(Body.Span, type)
                ?? throw new ProblemException(400, "invalid_body", $"The body is null; expected {expected}.");
        }
        catch (JsonException exception)
        {
            // The path says where without saying what: the value stays out of answers and logs.
            var where = exception.Path is null or "$" ? "" : $" at {exception.Path}";
            throw new ProblemException(400, "invalid_body", $"The body is not the JSON expected{where}; expected {expected}.");
        }
    }
}
