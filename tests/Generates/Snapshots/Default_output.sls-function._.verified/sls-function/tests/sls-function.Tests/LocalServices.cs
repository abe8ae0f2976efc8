using Amazon.DynamoDBv2.Model;
using sls_function.Orders;
using sls_function.Tests;

[assembly: AssemblyFixture(typeof(LocalServices))]

namespace sls_function.Tests;

/// <summary>
/// The tables of the service on this machine, started by the same script as <c>npm run local</c>, on a free port. The first test that
/// needs them starts them; without <c>npm install</c> it is skipped.
/// </summary>
public sealed class LocalServices : IAsyncLifetime
{
    private readonly Lazy<Task> start;
    private LocalScript? script;
    private string address = "";

    public LocalServices() => start = new(StartNowAsync);

    /// <summary>The settings under which the service uses them.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["ORDERS_TABLE"] = "orders",
        ["AWS_ENDPOINT_URL_DYNAMODB"] = address,
    };

    /// <summary>Starts them, unless that is done; skips the test where they cannot be had.</summary>
    public Task StartAsync()
    {
        Deployment.SkipWithoutPackages();
        return start.Value;
    }

    /// <summary>The items of a table that a test asks for.</summary>
    public async Task<List<Dictionary<string, AttributeValue>>> ItemsAsync(string table, Func<Dictionary<string, AttributeValue>, bool> which)
    {
        using var client = DynamoDb.Connect(Settings.GetValueOrDefault);
        var found = new List<Dictionary<string, AttributeValue>>();
        var request = new ScanRequest { TableName = table };
        do
        {
            var page = await client.ScanAsync(request);
            found.AddRange(page.Items.Where(which));
            request.ExclusiveStartKey = page.LastEvaluatedKey;
        }
        while (request.ExclusiveStartKey is { Count: > 0 });
        return found;
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => script?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task StartNowAsync() => (script, address) = await LocalScript.StartTablesAsync();
}
