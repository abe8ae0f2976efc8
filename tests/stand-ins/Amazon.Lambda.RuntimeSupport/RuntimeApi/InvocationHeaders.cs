using System.Collections.Generic;
using System.Net.Http;
using System.Linq;

namespace Amazon.Lambda.RuntimeSupport.RuntimeApi;

/// <summary>The headers of a next invocation. All but the request id may be null.</summary>
internal sealed record InvocationHeaders(
    string AwsRequestId,
    string DeadlineMs,
    string InvokedFunctionArn,
    string TraceId,
    string ClientContextJson,
    string CognitoIdentityJson,
    string TenantId)
{
    /// <exception cref="KeyNotFoundException">There is no request id.</exception>
    public static InvocationHeaders From(HttpResponseMessage response) => new(
        ValueOf(response, "Lambda-Runtime-Aws-Request-Id")
            ?? throw new KeyNotFoundException("The Runtime API sent an invocation without a Lambda-Runtime-Aws-Request-Id header."),
        ValueOf(response, "Lambda-Runtime-Deadline-Ms"),
        ValueOf(response, "Lambda-Runtime-Invoked-Function-Arn"),
        ValueOf(response, "Lambda-Runtime-Trace-Id"),
        ValueOf(response, "Lambda-Runtime-Client-Context"),
        ValueOf(response, "Lambda-Runtime-Cognito-Identity"),
        ValueOf(response, "Lambda-Runtime-Aws-Tenant-Id"));

    private static string ValueOf(HttpResponseMessage response, string header) =>
        response.Headers.TryGetValues(header, out var values) ? values.FirstOrDefault() : null;
}
