using System;

namespace Amazon.Lambda.Core;

/// <summary>The trace id of the invocation at hand, for code that has no context.</summary>
public class LambdaTraceProvider
{
    private static string current;

    public static string CurrentTraceId => current ?? Environment.GetEnvironmentVariable("_X_AMZN_TRACE_ID");

    internal static void SetCurrentTraceId(string traceId) => current = traceId;
}
