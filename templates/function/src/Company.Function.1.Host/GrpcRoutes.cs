using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.WebUtilities;
using AnyMessage = Google.Protobuf.WellKnownTypes.Any;
using CallStatus = Grpc.Core.Status;
using ErrorInfo = Google.Rpc.ErrorInfo;
using ErrorStatus = Google.Rpc.Status;
using Trailers = Grpc.Core.Metadata;

namespace Company.Function._1.Host;

using Protos;

/// <summary>
/// Answers every gRPC method by the route that its annotation names, so that a handler is written once: the route authorizes the caller,
/// reads, answers and logs as it does for HTTP. Metadata are the request's headers.
/// </summary>
internal sealed class GrpcRoutes(ILogger<GrpcRoutes> logger) : Interceptor
{
    private Dictionary<string, (GrpcBinding Binding, RouteEndpoint Endpoint)> methods = [];

    /// <summary>Finds the route of each method.</summary>
    /// <exception cref="InvalidDataException">A method names no route.</exception>
    public void Bind(IReadOnlyList<RouteEndpoint> endpoints) =>
        methods = TradeItemsService.Descriptor.Methods.Select(GrpcBinding.Of).ToDictionary(
            binding => $"/{binding.Method.Service.FullName}/{binding.Method.Name}",
            binding => (
                binding,
                endpoints.FirstOrDefault(endpoint => endpoint.Metadata.GetMetadata<ApiRoute>()?.Key == binding.Route)
                    ?? throw new InvalidDataException($"protos/: {binding.Method.Name} names the route {binding.Route}, which the service does not have; expected a route of Api.cs or handlers/.")));

    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        var (binding, endpoint) = methods[context.Method];
        var http = context.GetHttpContext();
        var (url, body) = binding.Write((IMessage)request);
        var response = await RouteCall.SendAsync(endpoint, binding.Verb, url, body, http, context.CancellationToken);
        foreach (var (name, value) in response.Headers.Where(header => !header.Key.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)))
            http.Response.Headers[name] = value;
        http.LogStatus(response.StatusCode);
        var text = await new StreamReader(response.Body).ReadToEndAsync(CancellationToken.None);
        if (response.StatusCode >= 400)
            throw ErrorOf(response, text, binding.Method.Service.FullName);
        try
        {
            return (TResponse)binding.Read(text);
        }
        catch (IOException exception) when (exception is InvalidProtocolBufferException or InvalidJsonException)
        {
            // The exception's message may hold a value of the answer.
            logger.LogError("{Route} has an answer that is not a {Message}: {Exception}, in trace {RequestTrace}", binding.Route, binding.Method.OutputType.Name, exception.GetType().Name, Trace.Current);
            http.LogStatus(500);
            throw Error(StatusCode.Internal, "The answer could not be written as a message; the trace id names it.", "internal_error", Trace.Current, binding.Method.Service.FullName);
        }
    }

    private static RpcException ErrorOf(HttpResponse response, string text, string service)
    {
        var status = CodeOf(response.StatusCode);
        if (response.ContentType != "application/problem+json")
            return new RpcException(new CallStatus(status, ReasonPhrases.GetReasonPhrase(response.StatusCode)));
        using var problem = JsonDocument.Parse(text);
        string? Text(string name) => problem.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;
        return Error(status, Text("detail") ?? "", Text("code") ?? "", Text("traceId"), service);
    }

    // The problem's code and trace id, where clients of every language look for them: https://google.aip.dev/193
    private static RpcException Error(StatusCode status, string text, string code, string? traceId, string service)
    {
        var info = new ErrorInfo();
        (info.Reason, info.Domain) = (code, service);
        if (traceId is not null)
            info.Metadata["traceId"] = traceId;
        var error = new ErrorStatus { Code = (int)status, Message = text };
        error.Details.Add(AnyMessage.Pack(info));
        return new RpcException(new CallStatus(status, text), new Trailers { { "grpc-status-details-bin", error.ToByteArray() } });
    }

    // https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
    private static StatusCode CodeOf(int status) => status switch
    {
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 or 410 => StatusCode.NotFound,
        408 or 504 => StatusCode.DeadlineExceeded,
        409 => StatusCode.Aborted,
        412 => StatusCode.FailedPrecondition,
        413 or 429 => StatusCode.ResourceExhausted,
        499 => StatusCode.Cancelled,
        501 => StatusCode.Unimplemented,
        503 => StatusCode.Unavailable,
        < 500 => StatusCode.InvalidArgument,
        _ => StatusCode.Internal,
    };
}
