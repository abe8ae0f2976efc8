namespace sls_venture.LogForwarder;

/// <summary>Where the lines of one event come from.</summary>
/// <param name="Account">The AWS account, 12 digits.</param>
/// <param name="Region">The AWS region, if it is known.</param>
/// <param name="LogGroup">The log group, as <c>/aws/lambda/acme-auth-dev-hello</c>.</param>
/// <param name="LogStream">The log stream.</param>
/// <param name="Service">The service, <c>acme-auth</c>, if the function's name tells it.</param>
/// <param name="Stage">The stage, <c>dev</c>, if the function's name tells it.</param>
/// <param name="Function">The function, <c>hello</c>, or its whole name; null if none wrote the lines.</param>
/// <param name="Fields">The fields that the settings add to every line.</param>
public sealed record LogSource(
    string Account,
    string? Region,
    string LogGroup,
    string LogStream,
    string? Service,
    string? Stage,
    string? Function,
    StaticFields Fields)
{
    private const string LambdaPrefix = "/aws/lambda/";

    /// <summary>Reads the source of an event's lines out of the names of its log group and stream.</summary>
    /// <param name="logs">The event.</param>
    /// <param name="region">The forwarder's region: a subscription does not cross regions.</param>
    /// <param name="stage">The forwarder's stage, by which its venture's functions' names are split.</param>
    /// <param name="fields">The fields that the settings add to every line; null: none.</param>
    public static LogSource Of(SubscriptionEvent logs, string? region, string? stage, StaticFields? fields = null)
    {
        ArgumentNullException.ThrowIfNull(logs);
        var name = FunctionName(logs.LogGroup, logs.LogStream);
        var (service, ownStage, function) = name is null ? default : Split(name, stage);
        return new LogSource(logs.Account, region, logs.LogGroup, logs.LogStream, service, ownStage, function, fields ?? StaticFields.None);
    }

    /// <summary>
    /// Splits the name that the Serverless Framework gives a function, <c>&lt;service&gt;-&lt;stage&gt;-&lt;function&gt;</c>. The service
    /// and the function may hold hyphens themselves, so a known stage splits; where it does not occur, the name is another's and stays
    /// whole. If no stage is known, the last two hyphens split.
    /// </summary>
    public static (string? Service, string? Stage, string Function) Split(string name, string? stage)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!string.IsNullOrEmpty(stage))
        {
            var at = name.LastIndexOf($"-{stage}-", StringComparison.Ordinal);
            return at > 0 && at + stage.Length + 2 < name.Length
                ? (name[..at], stage, name[(at + stage.Length + 2)..])
                : (null, null, name);
        }

        var last = name.LastIndexOf('-');
        var middle = last > 0 ? name.LastIndexOf('-', last - 1) : -1;
        return middle > 0 && last - middle > 1 && last < name.Length - 1
            ? (name[..middle], name[(middle + 1)..last], name[(last + 1)..])
            : (null, null, name);
    }

    private static string? FunctionName(string logGroup, string logStream)
    {
        if (logGroup.StartsWith(LambdaPrefix, StringComparison.Ordinal))
            return logGroup.Length > LambdaPrefix.Length ? logGroup[LambdaPrefix.Length..] : null;

        // In a log group that functions share, the stream tells: 2026/11/22/<function>[<version>]<environment>.
        var bracket = logStream.IndexOf('[', StringComparison.Ordinal);
        return bracket > 11 && logStream[4] == '/' && logStream[7] == '/' && logStream[10] == '/' ? logStream[11..bracket] : null;
    }
}
