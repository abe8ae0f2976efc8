using System.Globalization;

namespace sls_forwarder;

/// <summary>The forwarder's settings, read from the environment and checked before the first line is touched.</summary>
public sealed class Settings
{
    /// <param name="variable">Reads an environment variable; null or empty is unset.</param>
    /// <exception cref="SettingException">One of them is wrong.</exception>
    public Settings(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        string? Setting(string name) => variable(name) is { Length: > 0 } value ? value : null;

        Region = Setting("AWS_REGION");
        Stage = Setting("STAGE");
        OwnLogGroup = Setting("AWS_LAMBDA_LOG_GROUP_NAME");
        KeepPlatformLines = Setting("PLATFORM_LINES") switch
        {
            null or "keep" => true,
            "drop" => false,
            var other => throw new SettingException($"PLATFORM_LINES is \"{other}\"; expected is keep or drop."),
        };
        Patterns = new LinePatterns(Setting("INCLUDE_PATTERN"), Setting("EXCLUDE_PATTERN"), Setting("REDACT_PATTERN"));
        Rules = new DeliveryRules { RequestTimeout = Seconds("REQUEST_TIMEOUT", Setting("REQUEST_TIMEOUT"), @default: 10, longest: 120) };
        Destination = new Splunk(Setting);
        Credentials = new CredentialSource(Setting, Destination.HasToken);
    }

    /// <summary><c>AWS_REGION</c>, from Lambda.</summary>
    public string? Region { get; init; }

    /// <summary><c>STAGE</c>: the stage deployed to, by which the names of functions are split.</summary>
    public string? Stage { get; init; }

    /// <summary><c>AWS_LAMBDA_LOG_GROUP_NAME</c>, from Lambda: its lines are not shipped, or each would cause the next. Null: all are.</summary>
    public string? OwnLogGroup { get; init; }

    /// <summary><c>PLATFORM_LINES</c>, keep (default) or drop: the lines that Lambda writes around a request.</summary>
    public bool KeepPlatformLines { get; init; }

    /// <summary><c>INCLUDE_PATTERN</c>, <c>EXCLUDE_PATTERN</c>, <c>REDACT_PATTERN</c>: .NET regular expressions.</summary>
    public LinePatterns Patterns { get; init; }

    /// <summary><c>REQUEST_TIMEOUT</c>, in seconds (default 10): how long one request to the destination may take.</summary>
    public DeliveryRules Rules { get; init; }

    /// <summary>Where the lines go.</summary>
    public Destination Destination { get; init; }

    /// <summary>The destination's credentials.</summary>
    public CredentialSource Credentials { get; init; }

    private static TimeSpan Seconds(string name, string? value, int @default, int longest)
    {
        if (value is null)
            return TimeSpan.FromSeconds(@default);
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds >= 1 && seconds <= longest
            ? TimeSpan.FromSeconds(seconds)
            : throw new SettingException($"{name} is \"{value}\"; expected is a number of seconds from 1 to {longest}.");
    }
}
