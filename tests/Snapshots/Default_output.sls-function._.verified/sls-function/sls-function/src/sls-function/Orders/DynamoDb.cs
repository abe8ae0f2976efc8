using Amazon;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using Serverless;

namespace sls_function.Orders;

/// <summary>How DynamoDB is reached.</summary>
internal static class DynamoDb
{
    /// <summary>A client. The setting <c>AWS_ENDPOINT_URL_DYNAMODB</c> says where DynamoDB is, if it is an emulator.</summary>
    public static IAmazonDynamoDB Connect(Func<string, string?> setting)
    {
        var config = new AmazonDynamoDBConfig
        {
            Timeout = TimeSpan.FromSeconds(2),
            MaxErrorRetry = 2,
            HttpClientFactory = new TracedHttp(),
        };
        if (setting("AWS_ENDPOINT_URL_DYNAMODB") is not { Length: > 0 } endpoint)
            return new AmazonDynamoDBClient(config);
        config.ServiceURL = endpoint;
        config.AuthenticationRegion = setting("AWS_REGION") ?? RegionEndpoint.USEast1.SystemName;
        // An emulator on this machine takes any credentials, so none are asked for.
        return new Uri(endpoint).IsLoopback
            ? new AmazonDynamoDBClient(new BasicAWSCredentials("local", "local"), config)
            : new AmazonDynamoDBClient(config);
    }

    /// <summary>The name of a table.</summary>
    /// <exception cref="SettingException">The setting is missing.</exception>
    public static string TableName(Func<string, string?> setting, string name) =>
        setting(name) is { Length: > 0 } table
            ? table
            : throw new SettingException($"The setting {name} is missing; expected is the name of a DynamoDB table.");

    /// <summary>Calls DynamoDB. A condition that does not hold is an answer; every other failure is the table's.</summary>
    public static async Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (exception is not ConditionalCheckFailedException && !cancellationToken.IsCancellationRequested)
        {
            throw new DependencyException("DynamoDB", exception);
        }
    }
}
