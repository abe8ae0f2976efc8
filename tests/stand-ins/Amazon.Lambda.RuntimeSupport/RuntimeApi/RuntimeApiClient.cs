using System;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace Amazon.Lambda.RuntimeSupport.RuntimeApi;

/// <summary>
/// The Lambda Runtime API, version 2018-06-01, see
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
/// </summary>
/// <param name="httpClient">Sends the requests.</param>
/// <param name="endpoint">Host and port, perhaps with a path: <c>127.0.0.1:9001/forwarder</c>.</param>
internal sealed class RuntimeApiClient(HttpClient httpClient, string endpoint)
{
    // Lambda takes no more in a header; a cause that is longer is left out.
    private const int MaxHeaderSize = 1024 * 1024;

    private static readonly MediaTypeWithQualityHeaderValue Json = new("application/json");

    private readonly string runtime = $"http://{endpoint}/2018-06-01/runtime";

    public async Task<(Stream Input, InvocationHeaders Headers)> NextInvocationAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{runtime}/invocation/next");
        request.Headers.Accept.Add(Json);
        using var response = await httpClient.SendAsync(request, cancellationToken);
        await RequireSuccessAsync(response, cancellationToken);
        var input = new MemoryStream(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return (input, InvocationHeaders.From(response));
    }

    public async Task SendResponseAsync(string requestId, Stream output, CancellationToken cancellationToken)
    {
        HttpContent content = output is null ? new StringContent(string.Empty) : new StreamContent(output);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        // Neither the request nor its content is disposed: that would dispose a stream that may be the handler's.
        var request = new HttpRequestMessage(HttpMethod.Post, $"{runtime}/invocation/{requestId}/response") { Content = content };
        request.Headers.Accept.Add(Json);
        using var response = await httpClient.SendAsync(request, cancellationToken);
        await RequireSuccessAsync(response, cancellationToken);
    }

    public Task ReportInvocationErrorAsync(string requestId, Exception exception, CancellationToken cancellationToken) =>
        ReportErrorAsync(
            $"{runtime}/invocation/{Uri.EscapeDataString(requestId)}/error",
            exception,
            exception.GetType().Name,
            ErrorDocument.XRayCause(exception),
            cancellationToken);

    public Task ReportInitializationErrorAsync(Exception exception) =>
        ReportErrorAsync($"{runtime}/init/error", exception, null, null, CancellationToken.None);

    private async Task ReportErrorAsync(
        string address, Exception exception, string errorType, string xrayCause, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new StringContent(ErrorDocument.Of(exception)),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.aws.lambda.error+json");
        if (errorType is not null)
        {
            request.Headers.TryAddWithoutValidation("Lambda-Runtime-Function-Error-Type", errorType);
        }

        if (xrayCause is not null && Encoding.UTF8.GetByteCount(xrayCause) < MaxHeaderSize)
        {
            request.Headers.TryAddWithoutValidation("Lambda-Runtime-Function-XRay-Error-Cause", xrayCause);
        }

        request.Headers.Accept.Add(Json);
        using var response = await httpClient.SendAsync(request, cancellationToken);
        await RequireSuccessAsync(response, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Accepted)
        {
            await RequireJsonAsync(response, cancellationToken);
        }
    }

    private static async Task RequireSuccessAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var message = response.StatusCode switch
        {
            HttpStatusCode.OK or HttpStatusCode.Accepted or HttpStatusCode.NoContent => null,
            HttpStatusCode.BadRequest => "Bad Request",
            HttpStatusCode.Forbidden => "Forbidden",
            HttpStatusCode.RequestEntityTooLarge => "Payload Too Large",
            HttpStatusCode.InternalServerError => "Container error. Non-recoverable state. Runtime should exit promptly.\n",
            _ => $"The HTTP status code of the response was not expected ({(int)response.StatusCode}).",
        };
        if (message is not null)
        {
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new RuntimeApiClientException(message, (int)response.StatusCode, body, null);
        }
    }

    // The real client reads the {"status":"OK"} of an accepted error, and ends when it is none.
    private static async Task RequireJsonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            JsonDocument.Parse(body).Dispose();
        }
        catch (JsonException e)
        {
            throw new RuntimeApiClientException("Could not deserialize the response body.", (int)response.StatusCode, body, e);
        }
    }
}
