using System.Text.Json.Serialization;

namespace Serverless;

/// <summary>Why a request was not answered: the problem details of RFC 9457, with two members of our own.</summary>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The HTTP status code.</param>
/// <param name="Code">The reason in one word, for programs: it stays when the sentence changes.</param>
/// <param name="Detail">The reason in one sentence, for people: what was given, what is expected.</param>
/// <param name="TraceId">The trace by which the log lines are found.</param>
public sealed record Problem(string Title, int Status, string Code, string Detail, string? TraceId)
{
    /// <summary>RFC 9457: the status says what kind of problem it is.</summary>
    public string Type { get; } = "about:blank";

    /// <summary>The problem, with the trace at hand.</summary>
    public static Problem Of(int status, string code, string detail) => new(TitleOf(status), status, code, detail, Trace.Current);

    private static string TitleOf(int status) => status switch
    {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        503 => "Service Unavailable",
        _ => status < 500 ? "Bad Request" : "Internal Server Error",
    };
}

/// <summary>Ends a request with a problem.</summary>
public sealed class ProblemException(int status, string code, string detail) : Exception(detail)
{
    /// <summary>The HTTP status code.</summary>
    public int Status { get; } = status;

    /// <summary>The reason in one word.</summary>
    public string Code { get; } = code;

    /// <summary>What the client is told.</summary>
    public Problem ToProblem() => Problem.Of(Status, Code, Message);

    /// <summary>413, for a body of so many bytes.</summary>
    public static ProblemException BodyTooLarge(long bytes) =>
        new(413, "body_too_large", $"The body has {bytes} bytes; expected at most {ApiRequest.MaxBodyBytes}.");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : JsonSerializerContext;
