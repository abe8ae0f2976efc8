using System;

namespace Amazon.Lambda.Core;

/// <summary>What Lambda says about the invocation at hand.</summary>
public interface ILambdaContext
{
    string AwsRequestId { get; }

    IClientContext ClientContext { get; }

    string FunctionName { get; }

    string FunctionVersion { get; }

    ICognitoIdentity Identity { get; }

    string InvokedFunctionArn { get; }

    ILambdaLogger Logger { get; }

    string LogGroupName { get; }

    string LogStreamName { get; }

    int MemoryLimitInMB { get; }

    TimeSpan RemainingTime { get; }

    string TenantId => string.Empty;

    /// <summary>The X-Ray trace header, <c>Root=…;Parent=…;Sampled=0</c>.</summary>
    string TraceId => string.Empty;

    ILambdaSerializer Serializer => null;
}
