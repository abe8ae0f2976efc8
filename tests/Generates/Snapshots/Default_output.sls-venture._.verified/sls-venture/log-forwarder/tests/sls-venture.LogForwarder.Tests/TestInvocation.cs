using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Amazon.Lambda.Core;

namespace sls_venture.LogForwarder.Tests;

/// <summary>An invocation with a deadline and a log that can be read.</summary>
public sealed class TestInvocation(TimeSpan? timeout = null) : ILambdaContext, ILambdaLogger
{
    private readonly long ends = Environment.TickCount64 + (long)(timeout ?? TimeSpan.FromSeconds(60)).TotalMilliseconds;

    /// <summary>What was logged: the level and the message, its holes filled.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    public string AwsRequestId { get; } = Guid.NewGuid().ToString();

    public string TraceId => "Root=1-69219a2e-5f84d3a52f5e47c89a1b2c3d;Parent=53995c3f42cd8ad8;Sampled=1";

    public string FunctionName => "log-forwarder-dev-forwarder";

    public string FunctionVersion => "$LATEST";

    public string InvokedFunctionArn => "arn:aws:lambda:ap-southeast-2:123456789012:function:log-forwarder-dev-forwarder";

    public string LogGroupName => "/aws/lambda/log-forwarder-dev-forwarder";

    public string LogStreamName => "test";

    public int MemoryLimitInMB => 128;

    public TimeSpan RemainingTime => TimeSpan.FromMilliseconds(ends - Environment.TickCount64);

    public ILambdaLogger Logger => this;

    public IClientContext ClientContext => null!;

    public ICognitoIdentity Identity => null!;

    public void Log(string message) => Lines.Enqueue(message);

    public void LogLine(string message) => Lines.Enqueue(message);

    public void Log(string level, string message, params object[] args)
    {
        var next = 0;
        Lines.Enqueue($"{level}: {Regex.Replace(message, "{[A-Za-z]+}", _ => Convert.ToString(args[next++], CultureInfo.InvariantCulture)!)}");
    }
}
