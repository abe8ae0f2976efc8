using System.Globalization;
using System.Text.Json;
using Amazon.Lambda.Core;

namespace Serverless.Runtime;

/// <summary>What the Runtime API says of an invocation, in its headers. All but the request id may be null.</summary>
internal sealed record Invocation(string RequestId, string? DeadlineMs, string? FunctionArn, string? TraceId, string? ClientContext, string? CognitoIdentity, string? TenantId)
{
    /// <summary>Reads the headers.</summary>
    /// <exception cref="RuntimeApiException">There is no request id.</exception>
    public static Invocation From(HttpAnswer next) => new(
        next.Headers.GetValueOrDefault("Lambda-Runtime-Aws-Request-Id") ?? throw new RuntimeApiException("The Lambda Runtime API sent an invocation without a Lambda-Runtime-Aws-Request-Id header."),
        next.Headers.GetValueOrDefault("Lambda-Runtime-Deadline-Ms"),
        next.Headers.GetValueOrDefault("Lambda-Runtime-Invoked-Function-Arn"),
        next.Headers.GetValueOrDefault("Lambda-Runtime-Trace-Id"),
        next.Headers.GetValueOrDefault("Lambda-Runtime-Client-Context"),
        next.Headers.GetValueOrDefault("Lambda-Runtime-Cognito-Identity"),
        next.Headers.GetValueOrDefault("Lambda-Runtime-Aws-Tenant-Id"));
}

/// <summary>An invocation's context: its headers, and the function's environment variables.</summary>
internal sealed class InvocationContext(Invocation invocation, ILambdaLogger log) : ILambdaContext
{
    /// <inheritdoc/>
    public string AwsRequestId => invocation.RequestId;

    /// <inheritdoc/>
    public string InvokedFunctionArn => invocation.FunctionArn!;

    /// <inheritdoc/>
    public string TraceId => invocation.TraceId!;

    /// <inheritdoc/>
    public string TenantId => invocation.TenantId!;

    /// <inheritdoc/>
    public string FunctionName => Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_NAME")!;

    /// <inheritdoc/>
    public string FunctionVersion => Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_VERSION")!;

    /// <inheritdoc/>
    public string LogGroupName => Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_GROUP_NAME")!;

    /// <inheritdoc/>
    public string LogStreamName => Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_STREAM_NAME")!;

    /// <inheritdoc/>
    public int MemoryLimitInMB => int.TryParse(Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), CultureInfo.InvariantCulture, out var megabytes) ? megabytes : 0;

    /// <inheritdoc/>
    public TimeSpan RemainingTime =>
        TimeSpan.FromMilliseconds(
            (long.TryParse(invocation.DeadlineMs, CultureInfo.InvariantCulture, out var deadline) ? deadline : 0) - (DateTime.UtcNow - DateTime.UnixEpoch).TotalMilliseconds);

    /// <inheritdoc/>
    public ILambdaLogger Logger => log;

    /// <inheritdoc/>
    public IClientContext ClientContext => field ??= Application.Read(invocation.ClientContext);

    /// <inheritdoc/>
    public ICognitoIdentity Identity => field ??= Caller.Read(invocation.CognitoIdentity);

    private static JsonElement Parse(string? json) => string.IsNullOrWhiteSpace(json) ? JsonElement.Parse("{}") : JsonElement.Parse(json);

    private static string? Text(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) ? value.GetString() : null;

    /// <summary>What the AWS Mobile SDK, or whoever else invokes the function itself, says of the application.</summary>
    private sealed record Application(IDictionary<string, string>? Environment, IClientApplication? Client, IDictionary<string, string>? Custom) : IClientContext
    {
        public static Application Read(string? json)
        {
            var context = Parse(json);
            return new Application(Texts(context, "env"), context.TryGetProperty("client", out var client) ? Installation.Read(client) : null, Texts(context, "custom"));
        }

        private static Dictionary<string, string>? Texts(JsonElement parent, string name) =>
            parent.TryGetProperty(name, out var value) ? value.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.ToString()) : null;
    }

    private sealed record Installation(string? AppPackageName, string? AppTitle, string? AppVersionCode, string? AppVersionName, string? InstallationId) : IClientApplication
    {
        public static Installation Read(JsonElement client) => new(
            Text(client, "app_package_name"), Text(client, "app_title"), Text(client, "app_version_code"), Text(client, "app_version_name"), Text(client, "installation_id"));
    }

    /// <summary>The identity of an identity pool that an invocation through the AWS Mobile SDK has.</summary>
    private sealed record Caller(string? IdentityId, string? IdentityPoolId) : ICognitoIdentity
    {
        public static Caller Read(string? json)
        {
            var identity = Parse(json);
            return new Caller(Text(identity, "cognitoIdentityId"), Text(identity, "cognitoIdentityPoolId"));
        }
    }
}
