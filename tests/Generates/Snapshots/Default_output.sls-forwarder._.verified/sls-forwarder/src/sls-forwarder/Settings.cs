using System.Globalization;

namespace sls_forwarder;

/// <summary>The forwarder's settings, read from the environment and checked before the first line is touched.</summary>
public sealed class Settings
{
    /// <param name="variable">Reads an environment variable; null or empty is unset.</param>
    /// <exception cref="SettingException">One of them is wrong.</exception>
    public Settings(Func<string, string?> variable)
        : this(variable, CreateDestination)
    {
    }

    /// <param name="variable">Reads an environment variable; null or empty is unset.</param>
    /// <param name="destination">Makes the destination from its own settings.</param>
    /// <exception cref="SettingException">One of them is wrong.</exception>
    public Settings(Func<string, string?> variable, Func<Func<string, string?>, Destination> destination)
    {
        ArgumentNullException.ThrowIfNull(variable);
        ArgumentNullException.ThrowIfNull(destination);
        string? Setting(string name) => variable(name) is { Length: > 0 } value ? value : null;

        Region = Setting("AWS_REGION");
        Stage = Setting("STAGE");
        OwnLogGroup = Setting("AWS_LAMBDA_LOG_GROUP_NAME");
        KeepPlatformLines = Choice("PLATFORM_LINES", Setting("PLATFORM_LINES"), "keep", "drop") != "drop";
        LogsDeliveries = Choice("DELIVERY_LOG", Setting("DELIVERY_LOG"), "off", "on") == "on";
        ReportsMetrics = Choice("METRICS", Setting("METRICS"), "off", "on") == "on";
        Policy = AccountPolicy.Parse(Setting("ALL_LOG_GROUPS"), Setting("EXCLUDED_LOG_GROUPS"));
        Patterns = new LogGroupPatterns(
            new LinePatterns(Setting("INCLUDE_PATTERN"), Setting("EXCLUDE_PATTERN"), Setting("REDACT_PATTERN")),
            Setting("LOG_GROUP_PATTERNS"));
        Rules = new DeliveryRules { RequestTimeout = Seconds("REQUEST_TIMEOUT", Setting("REQUEST_TIMEOUT"), @default: 10, longest: 120) };
        Destination = destination(Setting);
        StaticFields = StaticFields.Parse(Setting("STATIC_FIELDS"), Destination.OwnFields);
        Credentials = new CredentialSource(Setting, Destination.HasToken);
    }

    /// <summary>Makes the destination of this service.</summary>
    /// <param name="setting">Reads one of its settings.</param>
    /// <exception cref="SettingException">One of them is wrong.</exception>
    public static Destination CreateDestination(Func<string, string?> setting) => new Splunk(setting);

    /// <summary><c>AWS_REGION</c>, from Lambda.</summary>
    public string? Region { get; init; }

    /// <summary><c>STAGE</c>: the stage deployed to, by which the names of functions are split.</summary>
    public string? Stage { get; init; }

    /// <summary><c>AWS_LAMBDA_LOG_GROUP_NAME</c>, from Lambda: its lines are not shipped, or each would cause the next. Null: all lines are shipped.</summary>
    public string? OwnLogGroup { get; init; }

    /// <summary><c>PLATFORM_LINES</c>, keep (default) or drop: the lines that Lambda writes around a request.</summary>
    public bool KeepPlatformLines { get; init; }

    /// <summary><c>DELIVERY_LOG</c>, off (default) or on: whether a line is logged for each event that was delivered.</summary>
    public bool LogsDeliveries { get; init; }

    /// <summary><c>METRICS</c>, off (default) or on: whether every invocation reports its metrics, or only one in which something went wrong.</summary>
    public bool ReportsMetrics { get; init; }

    /// <summary><c>STATIC_FIELDS</c>: fields for every line, <c>key=value,key=value</c>.</summary>
    public StaticFields StaticFields { get; init; }

    /// <summary><c>ALL_LOG_GROUPS</c>, <c>EXCLUDED_LOG_GROUPS</c>: whether the account's subscription policy sends the lines of all log groups.</summary>
    public AccountPolicy Policy { get; init; }

    /// <summary>
    /// <c>INCLUDE_PATTERN</c>, <c>EXCLUDE_PATTERN</c>, <c>REDACT_PATTERN</c>: .NET regular expressions; <c>LOG_GROUP_PATTERNS</c>: more of
    /// them for some log groups, as JSON.
    /// </summary>
    public LogGroupPatterns Patterns { get; init; }

    /// <summary><c>REQUEST_TIMEOUT</c>, in seconds (default 10): how long one request to the destination may take.</summary>
    public DeliveryRules Rules { get; init; }

    /// <summary>Tells the time, by which a line is too old for the destination.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where the lines go.</summary>
    public Destination Destination { get; init; }

    /// <summary>The destination's credentials.</summary>
    public CredentialSource Credentials { get; init; }

    // The first choice is the default.
    private static string Choice(string name, string? value, params string[] choices) =>
        value is null ? choices[0]
            : choices.Contains(value) ? value
            : throw new SettingException($"{name} is \"{value}\"; must be {string.Join(" or ", choices)}.");

    private static TimeSpan Seconds(string name, string? value, int @default, int longest)
    {
        if (value is null)
            return TimeSpan.FromSeconds(@default);
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds >= 1 && seconds <= longest
            ? TimeSpan.FromSeconds(seconds)
            : throw new SettingException($"{name} is \"{value}\"; must be a number of seconds from 1 to {longest}.");
    }
}
