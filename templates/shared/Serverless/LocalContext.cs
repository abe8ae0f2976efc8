using Amazon.Lambda.Core;
using Serverless.Runtime;

namespace Serverless;

/// <summary>What a function knows of its invocation when it runs outside Lambda: its time and a new trace id.</summary>
/// <param name="functionName">The function.</param>
/// <param name="timeout">Its time; default: five minutes.</param>
/// <param name="logger">Its log; default: lines of text on standard error.</param>
public sealed class LocalContext(string functionName, TimeSpan? timeout = null, ILambdaLogger? logger = null) : ILambdaContext, ILambdaLogger
{
    private readonly long started = Environment.TickCount64;

    /// <inheritdoc/>
    public string AwsRequestId { get; } = Guid.NewGuid().ToString();

    /// <inheritdoc/>
    public string TraceId { get; } = Trace.Create();

    /// <inheritdoc/>
    public string FunctionName => functionName;

    /// <inheritdoc/>
    public string FunctionVersion => "$LATEST";

    /// <inheritdoc/>
    public string InvokedFunctionArn => $"arn:aws:lambda:local:000000000000:function:{functionName}";

    /// <inheritdoc/>
    public string LogGroupName => $"/aws/lambda/{functionName}";

    /// <inheritdoc/>
    public string LogStreamName => "local";

    /// <inheritdoc/>
    public int MemoryLimitInMB => 128;

    /// <inheritdoc/>
    public TimeSpan RemainingTime => (timeout ?? TimeSpan.FromMinutes(5)) - TimeSpan.FromMilliseconds(Environment.TickCount64 - started);

    /// <inheritdoc/>
    public ILambdaLogger Logger => logger ?? this;

    /// <inheritdoc/>
    public IClientContext? ClientContext => null;

    /// <inheritdoc/>
    public ICognitoIdentity? Identity => null;

    /// <inheritdoc/>
    public void Log(string message) => Console.Error.Write(message);

    /// <inheritdoc/>
    public void LogLine(string message) => Console.Error.WriteLine(message);

    /// <inheritdoc/>
    public void Log(string level, string message, params object[] args)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(args);
        LogLine($"{level}: {MessageTemplate.Parse(message, args).Fill(args)}");
    }

    /// <inheritdoc/>
    public void Log(string level, Exception? exception, string message, params object[] args)
    {
        // The interface's own implementation takes no null, although the logger on Lambda does.
        Log(level, message, args);
        if (exception is not null)
            LogLine($"{level}: {exception}");
    }
}
