using Amazon;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;

namespace Serverless;

/// <summary>How DynamoDB is reached.</summary>
public static class DynamoDb
{
    /// <summary>A client.</summary>
    /// <param name="setting">
    /// Gives a setting's text by its name. <c>AWS_ENDPOINT_URL_DYNAMODB</c>: where DynamoDB is, if it is an emulator.
    /// <c>AWS_REGION</c>: where the tables are, if they are in AWS.
    /// </param>
    /// <param name="timeout">For how long an answer is waited for; default: 2 s.</param>
    /// <param name="retries">How often a call that fails is tried again.</param>
    /// <exception cref="SettingException">There is neither an emulator nor a region.</exception>
    public static IAmazonDynamoDB Connect(Func<string, string?> setting, TimeSpan? timeout = null, int retries = 2)
    {
        var config = new AmazonDynamoDBConfig
        {
            Timeout = timeout ?? TimeSpan.FromSeconds(2),
            MaxErrorRetry = retries,
            HttpClientFactory = new TracedHttp(),
        };
        var region = setting("AWS_REGION");
        if (setting("AWS_ENDPOINT_URL_DYNAMODB") is not { Length: > 0 } endpoint)
        {
            if (string.IsNullOrWhiteSpace(region))
                throw new SettingException("The setting AWS_REGION is missing; expected the region of the tables.");
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
            return new AmazonDynamoDBClient(config);
        }

        config.ServiceURL = endpoint;
        config.AuthenticationRegion = region is { Length: > 0 } ? region : RegionEndpoint.USEast1.SystemName;
        // An emulator on this machine takes any credentials, so none are asked for.
        return new UriBuilder(endpoint).Uri.IsLoopback
            ? new AmazonDynamoDBClient(new BasicAWSCredentials("local", "local"), config)
            : new AmazonDynamoDBClient(config);
    }

    /// <summary>
    /// Makes a client and opens a connection to DynamoDB while the function starts: then Lambda gives it more processor than while it
    /// handles an event, and the first call finds the connection. Elsewhere than on Lambda, and for a function without the table, it does nothing.
    /// </summary>
    /// <param name="table">The setting that a function has which uses the table, such as <c>USERS_TABLE</c>.</param>
    /// <param name="client">Makes the client, or gives it.</param>
    public static async Task ConnectAsync(string table, Func<IAmazonDynamoDB> client)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (!Service.StartsOnLambda || string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(table)))
            return;
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            var endpoint = client().DetermineServiceOperationEndpoint(new GetItemRequest { TableName = Environment.GetEnvironmentVariable(table) });
            await TracedHttp.ConnectAsync(new Uri(endpoint.URL), limit.Token);
        }
#pragma warning disable CA1031 // Whatever it is, the first call meets it again, and reports it.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    /// <summary>The name of a table.</summary>
    /// <exception cref="SettingException">The setting is missing.</exception>
    public static string TableName(Func<string, string?> setting, string name) =>
        setting(name) is { } table && !string.IsNullOrWhiteSpace(table)
            ? table
            : throw new SettingException($"The setting {name} is missing; expected the name of a DynamoDB table.");

    /// <summary>Calls DynamoDB. A condition that does not hold is an answer; every other failure is the table's.</summary>
    /// <param name="table">Which table is to blame, as the log names it.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Ends the call, which is no failure.</param>
    /// <exception cref="DependencyException">The table cannot be reached.</exception>
    public static async Task<T> CallAsync<T>(string table, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (exception is not ConditionalCheckFailedException && !cancellationToken.IsCancellationRequested)
        {
            throw new DependencyException(table, exception);
        }
    }
}
