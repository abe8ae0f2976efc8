using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Serverless;

/// <summary>The log of a host, and its traces and metrics, by OpenTelemetry.</summary>
public static class Telemetry
{
    private static readonly ActivitySource Source = new("Serverless");

    /// <summary>
    /// Writes the log as lines of JSON. Sends traces and metrics to <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>; without it nothing is recorded. The other settings of OpenTelemetry's
    /// SDK hold as well: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
    /// </summary>
    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Logging.ClearProviders().AddConsole(options => options.FormatterName = JsonLineFormatter.Name);
        // AddConsoleFormatter would bind the formatter's options, of which there are none, by reflection.
        builder.Services.AddSingleton<ConsoleFormatter, JsonLineFormatter>();
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            return;
        // AmazonTrace has read the headers already.
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());
        builder.Services.Replace(ServiceDescriptor.Singleton<DistributedContextPropagator>(new AmazonTrace()));
        builder.Services.AddOpenTelemetry()
            .UseOtlpExporter()
            .WithTracing(traces => traces
                .AddAspNetCoreInstrumentation(options => options.Filter = http => !http.AsksForHealth())
                // The runtime's own: requests to AWS and to the issuer of the tokens.
                .AddSource("System.Net.Http")
                .AddSource(Source.Name))
            .WithMetrics(metrics => metrics
                .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime"));
    }

    /// <summary>Whether the request asks for the service's health, over HTTP or gRPC.</summary>
    internal static bool AsksForHealth(this HttpContext http) =>
        http.Request.Path.StartsWithSegments("/health") || http.Request.Path.StartsWithSegments("/grpc.health.v1.Health");

    /// <summary>Begins the span of an invocation that no request makes; null if nothing is recorded.</summary>
    /// <param name="function">The function, which is the span's name.</param>
    /// <param name="kind">What the invocation is to its trace.</param>
    /// <param name="traceId">The trace id of the invocation: its log lines and its spans have one trace.</param>
    /// <param name="senders">The traces of those who sent what is handled, which the span is linked with; what is no trace id is left out.</param>
    public static Activity? Begin(string function, ActivityKind kind, string traceId, IEnumerable<string?> senders)
    {
        if (!Source.HasListeners())
            return null;
        ActivityContext? ContextOf(string? id) => TryConvert(id, out var parent) && ActivityContext.TryParse(parent, null, isRemote: true, out var context) ? context : null;
        return Source.StartActivity(
            kind,
            ContextOf(traceId) ?? default,
            links: senders.Select(ContextOf).OfType<ActivityContext>().Select(context => new ActivityLink(context)).ToList(),
            name: function);
    }

    private static bool TryConvert(string? header, [NotNullWhen(true)] out string? parent)
    {
        parent = null;
        if (!Trace.IsValid(header))
            return false;
        string? Of(string name) => header.ToLowerInvariant().Split(';').FirstOrDefault(field => field.StartsWith(name, StringComparison.Ordinal))?[name.Length..];
        if (Of("root=1-")?.Split('-') is not [{ Length: 8 } time, { Length: 24 } random])
            return false;
        // API Gateway and load balancers name no parent. W3C asks for one: a part of the trace's id takes its place.
        var span = Of("parent=") is { Length: 16 } named ? named : random[..16];
        // Sampled tells of X-Ray, and is 0 behind a function that X-Ray does not record. What is recorded here, OTEL_TRACES_SAMPLER says.
        parent = $"00-{time}{random}-{span}-01";
        return ActivityContext.TryParse(parent, null, out _);
    }

    /// <summary>Takes the trace from <c>X-Amzn-Trace-Id</c>, so that a request is one trace on Lambda and on Kubernetes.</summary>
    private sealed class AmazonTrace : DistributedContextPropagator
    {
        private readonly DistributedContextPropagator usual = CreateDefaultPropagator();

        /// <inheritdoc/>
        public override IReadOnlyCollection<string> Fields => [Trace.Header, .. usual.Fields];

        /// <inheritdoc/>
        public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState)
        {
            usual.ExtractTraceIdAndState(carrier, getter, out traceId, out traceState);
            if (carrier is not IHeaderDictionary headers)
                return;
            if (TryConvert(headers[Trace.Header].ToString(), out var parent))
            {
                (traceId, traceState) = (parent, null);
                return;
            }

            // The log reads this header: spans and lines of a request have one trace, whoever begins it.
            if (ActivityContext.TryParse(traceId, traceState, out var given))
            {
                headers[Trace.Header] = Convert(given);
                return;
            }

            headers[Trace.Header] = Trace.Create();
            TryConvert(headers[Trace.Header].ToString(), out traceId);
            traceState = null;
        }

        /// <inheritdoc/>
        public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => usual.ExtractBaggage(carrier, getter);

        /// <inheritdoc/>
        public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) => usual.Inject(activity, carrier, setter);

        // W3C's 00-<32 hex>-<16 hex>-01 is Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=1.
        private static string Convert(ActivityContext given)
        {
            var id = given.TraceId.ToHexString();
            return $"Root=1-{id[..8]}-{id[8..]};Parent={given.SpanId.ToHexString()};Sampled={(given.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? 1 : 0)}";
        }
    }
}
