using System.Globalization;
using System.Text;

namespace Serverless.Runtime;

/// <summary>
/// The Lambda Runtime API, version 2018-06-01, over one connection that stays open:
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
/// </summary>
/// <param name="address">Host and port, perhaps with a path: <c>127.0.0.1:9001</c>.</param>
internal sealed class RuntimeApi(string address) : IDisposable
{
    // Lambda takes no more in a header; a cause that is longer is left out.
    private const int MaxHeaderBytes = 1024 * 1024;

    private readonly HttpConnection connection = new(address.Split('/', 2)[0]);
    private readonly string path = $"{(address.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? address[slash..] : "")}/2018-06-01/runtime";

    /// <summary>Waits for the next invocation.</summary>
    /// <returns>The event, and what the headers say of it.</returns>
    public (MemoryStream Input, Invocation Invocation) Next()
    {
        var response = Send("GET", "/invocation/next", "", default);
        return (new MemoryStream(response.Body, 0, response.Body.Length, writable: false, publiclyVisible: true), Invocation.From(response));
    }

    /// <summary>Answers an invocation.</summary>
    public void Respond(string requestId, ReadOnlyMemory<byte> answer) =>
        Send("POST", $"/invocation/{requestId}/response", "Content-Type: application/json\r\n", answer.Span);

    /// <summary>Answers an invocation with the exception that made it fail.</summary>
    public void Fail(string requestId, Exception exception)
    {
        var cause = ErrorDocument.XRayCause(exception);
        var header = Encoding.UTF8.GetByteCount(cause) < MaxHeaderBytes ? $"Lambda-Runtime-Function-XRay-Error-Cause: {cause}\r\n" : "";
        SendError($"/invocation/{Uri.EscapeDataString(requestId)}/error", exception, $"Lambda-Runtime-Function-Error-Type: {exception.GetType().Name}\r\n{header}");
    }

    /// <summary>Says why the function cannot start.</summary>
    public void FailStart(Exception exception) => SendError("/init/error", exception, "");

    /// <inheritdoc/>
    public void Dispose() => connection.Dispose();

    private void SendError(string resource, Exception exception, string headers) =>
        Send("POST", resource, $"Content-Type: application/vnd.aws.lambda.error+json\r\n{headers}", Encoding.UTF8.GetBytes(ErrorDocument.Of(exception)));

    private HttpAnswer Send(string method, string resource, string headers, ReadOnlySpan<byte> body)
    {
        var answer = connection.Send(method, path + resource, $"Accept: application/json\r\nUser-Agent: serverless-dotnet\r\n{headers}", body);
        return answer.Status is 200 or 202 or 204
            ? answer
            : throw new RuntimeApiException(string.Create(
                CultureInfo.InvariantCulture,
                $"The Lambda Runtime API answered {method} {resource} with {answer.Status}: {Encoding.UTF8.GetString(answer.Body.AsSpan(0, Math.Min(answer.Body.Length, 512)))}"));
    }
}

/// <summary>The Runtime API did not answer as it should; the message holds up to 512 bytes of what it said.</summary>
internal sealed class RuntimeApiException(string message) : Exception(message);
