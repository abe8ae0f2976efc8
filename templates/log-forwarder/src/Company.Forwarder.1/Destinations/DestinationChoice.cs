namespace Company.Forwarder._1;

/// <summary>One of the destinations that every line is shipped to.</summary>
/// <param name="Name">Its name in variables, secrets and the keys of records, in lower case.</param>
/// <param name="Create">Makes it from the settings.</param>
public sealed record DestinationChoice(string Name, Func<Func<string, string?>, Destination> Create)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<DestinationChoice> All { get; } =
    [
//#if (toSplunk)
        new("splunk", setting => new Splunk(setting)),
//#endif
//#if (toLogzio)
        new("logzio", setting => new LogzIo(setting)),
//#endif
//#if (toSumologic)
        new("sumologic", setting => new SumoLogic(setting)),
//#endif
//#if (toDatadog)
        new("datadog", setting => new Datadog(setting)),
//#endif
//#if (toNewrelic)
        new("newrelic", setting => new NewRelic(setting)),
//#endif
//#if (toLoki)
        new("loki", setting => new Loki(setting)),
//#endif
//#if (toElasticsearch)
        new("elasticsearch", setting => new Elasticsearch(setting)),
//#endif
//#if (toOtlp)
        new("otlp", setting => new Otlp(setting)),
//#endif
//#if (toHttp)
        new("http", setting => new HttpEndpoint(setting)),
//#endif
    ];

    /// <summary>The variable that says where its credentials are kept.</summary>
    public string SecretVariable => $"DESTINATION_SECRET_{Name.ToUpperInvariant()}";

    /// <summary>The variable that holds its credentials in a local run. Without it they are in <c>DESTINATION_CREDENTIALS</c>, the same for all.</summary>
    public string CredentialsVariable => $"DESTINATION_CREDENTIALS_{Name.ToUpperInvariant()}";

    /// <summary>The settings for this destination: those of the forwarder, with the destination's own credentials.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    /// <param name="shipsAll">Whether no log group is left out: for redrive, which deletes an event that was shipped.</param>
    /// <exception cref="SettingException">One of them is wrong. The message names the destination.</exception>
    public Settings ReadSettings(Func<string, string?> variable, bool shipsAll = false)
    {
        ArgumentNullException.ThrowIfNull(variable);
        string? Setting(string name) => name switch
        {
            "DESTINATION_SECRET" => Value(SecretVariable),
            "DESTINATION_CREDENTIALS" => Value(CredentialsVariable) ?? Value(name),
            "AWS_LAMBDA_LOG_GROUP_NAME" or "ALL_LOG_GROUPS" when shipsAll => null,
            _ => Value(name),
        };
        string? Value(string name) => variable(name) is { Length: > 0 } value ? value : null;

        try
        {
            return new Settings(Setting, Create);
        }
        catch (SettingException e)
        {
            throw new SettingException($"For the destination {Name}: {e.Message.Replace("DESTINATION_SECRET", SecretVariable, StringComparison.Ordinal)}");
        }
    }
}
