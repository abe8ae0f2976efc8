using Grpc.Core;
using Grpc.Health.V1;
using CallStatus = Grpc.Core.Status;
using HealthService = Grpc.Health.V1.Health;

namespace Company.Function._1.Host;

using Protos;

/// <summary>
/// Says what <c>/health/ready</c> says: https://github.com/grpc/grpc/blob/master/doc/health-checking.md. Watch is not implemented, which the
/// protocol allows.
/// </summary>
internal sealed class GrpcHealth : HealthService.HealthBase
{
    private RouteEndpoint ready = null!;

    /// <summary>Finds <c>/health/ready</c>.</summary>
    public void Bind(IReadOnlyList<RouteEndpoint> endpoints) =>
        ready = endpoints.Single(endpoint => endpoint.RoutePattern.RawText == "/health/ready");

    /// <inheritdoc/>
    public override async Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        if (request.Service.Length > 0 && request.Service != TradeItemsService.Descriptor.FullName)
            throw new RpcException(new CallStatus(StatusCode.NotFound, $"The service is not here; expected {TradeItemsService.Descriptor.FullName}, or none."));
        var response = await RouteCall.SendAsync(ready, "GET", "/health/ready", [], context.GetHttpContext(), context.CancellationToken);
        return new HealthCheckResponse
        {
            Status = response.StatusCode == StatusCodes.Status200OK ? HealthCheckResponse.Types.ServingStatus.Serving : HealthCheckResponse.Types.ServingStatus.NotServing,
        };
    }
}
