using System;
using Amazon.Lambda.Core;
using Amazon.Lambda.RuntimeSupport.RuntimeApi;

namespace Amazon.Lambda.RuntimeSupport.Logging;

internal readonly record struct LogEntry(
    DateTime Time, LogLevel Level, InvocationHeaders Invocation, string Template, object[] Arguments, Exception Exception)
{
    public const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
}
