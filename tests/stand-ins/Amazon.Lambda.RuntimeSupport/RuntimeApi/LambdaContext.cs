using System;
using System.Globalization;
using Amazon.Lambda.Core;
using Amazon.Lambda.RuntimeSupport.Logging;

namespace Amazon.Lambda.RuntimeSupport.RuntimeApi;

/// <summary>An invocation's context: its headers, and the function's environment variables.</summary>
internal sealed class LambdaContext(InvocationHeaders headers, FunctionLog log, ILambdaSerializer serializer) : ILambdaContext
{
    private IClientContext clientContext;
    private ICognitoIdentity identity;

    public string AwsRequestId => headers.AwsRequestId;

    public IClientContext ClientContext => clientContext ??= CallerHeaders.ClientContext(headers.ClientContextJson);

    public string FunctionName => Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_NAME");

    public string FunctionVersion => Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_VERSION");

    public ICognitoIdentity Identity => identity ??= CallerHeaders.CognitoIdentity(headers.CognitoIdentityJson);

    public string InvokedFunctionArn => headers.InvokedFunctionArn;

    public ILambdaLogger Logger => log;

    public string LogGroupName => Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_GROUP_NAME");

    public string LogStreamName => Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_STREAM_NAME");

    public int MemoryLimitInMB =>
        int.TryParse(
            Environment.GetEnvironmentVariable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), CultureInfo.InvariantCulture, out var megabytes)
            ? megabytes
            : 0;

    public TimeSpan RemainingTime
    {
        get
        {
            _ = long.TryParse(headers.DeadlineMs, CultureInfo.InvariantCulture, out var deadline);
            return TimeSpan.FromMilliseconds(deadline - (DateTime.UtcNow - DateTime.UnixEpoch).TotalMilliseconds);
        }
    }

    public string TenantId => headers.TenantId;

    public string TraceId => headers.TraceId;

    public ILambdaSerializer Serializer => serializer;
}
