using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Company.Forwarder._1.Tests;
using Microsoft.AspNetCore.Http;

namespace Serverless.Templates.Tests;

/// <summary>
/// What surrounds a deployed forwarder, on loopback: the AWS Parameters and Secrets extension, which hands out the destination's
/// credentials, the destinations themselves, and the bucket of the events that failed.
/// </summary>
public sealed class LogPlatform : IAsyncDisposable
{
    private const string Token = "7e1b4d0c-not-to-be-logged";

    private Loopback server = null!;

    private LogPlatform(IReadOnlyList<DestinationServer> destinations) => Destinations = destinations;

    /// <summary>The destinations. Each of several listens below a path of its own.</summary>
    public IReadOnlyList<DestinationServer> Destinations { get; }

    /// <summary>What no output may hold.</summary>
    public static string Secret => Token;

    /// <summary>What the destinations have taken.</summary>
    public IReadOnlyCollection<TakenEntry> Taken => [.. Destinations.SelectMany(destination => destination.Taken)];

    /// <summary>What is asked of the extension.</summary>
    public ConcurrentQueue<string> SecretsRead { get; } = new();

    /// <summary>The records that Lambda wrote of events that failed, by key.</summary>
    public ConcurrentDictionary<string, byte[]> FailedEvents { get; } = new();

    /// <summary>The destination that a value of <c>--destination</c> means, not listening.</summary>
    public static DestinationServer DestinationOf(string choice) => typeof(DestinationServer).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(DestinationServer)))
        .Select(type => (DestinationServer)Activator.CreateInstance(type)!)
        .Single(server => server.Choice == choice);

    /// <summary>Starts it.</summary>
    /// <param name="destination">The value of <c>--destination</c>; of several, with bars between them.</param>
    public static async Task<LogPlatform> StartAsync(string destination)
    {
        var platform = new LogPlatform([.. destination.Split('|').Select(DestinationOf)]);
        platform.server = await Loopback.StartAsync(platform.HandleAsync);
        foreach (var one in platform.Destinations)
            (one.Token, one.Address) = (Token, platform.Destinations.Count == 1 ? platform.server.Address : new Uri(platform.server.Address, $"/{one.Choice}"));
        return platform;
    }

    /// <summary>The variables by which the function finds all that: those that its stack sets, and where the platform listens.</summary>
    /// <param name="stack">The compiled stack.</param>
    /// <param name="function">The function's name.</param>
    public Dictionary<string, string?> EnvironmentOf(Stack stack, string function)
    {
        var properties = stack.OfType("AWS::Lambda::Function").Single(candidate => ((string)candidate.Properties["FunctionName"]!).EndsWith($"-{function}", StringComparison.Ordinal)).Properties;
        var variables = properties["Environment"]!["Variables"]!.AsObject()
            .ToDictionary(variable => variable.Key, variable => variable.Value is JsonValue value ? (string?)value : $"the-bucket");
        variables["_HANDLER"] = (string?)properties["Handler"];
        variables["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"] = $"{server.Address.Port}";
        variables["AWS_ENDPOINT_URL_S3"] = server.Address.ToString();
        return variables;
    }

    /// <summary>Forgets what the destinations have taken and were sent.</summary>
    public void Forget()
    {
        foreach (var destination in Destinations)
            destination.Forget();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var destination in Destinations)
            await destination.DisposeAsync();
        await server.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext http)
    {
        var request = http.Request;
        if (request.Method == "POST")
        {
            var destination = Destinations[0];
            // A single one listens at the root, where Loki has a path that begins with its name.
            if (Destinations.Count > 1)
            {
                destination = Destinations.Single(one => request.Path.StartsWithSegments($"/{one.Choice}", StringComparison.Ordinal));
                request.Path.StartsWithSegments($"/{destination.Choice}", StringComparison.Ordinal, out var rest);
                request.Path = rest.HasValue ? rest : "/";
            }
            await destination.HandleAsync(http);
            return;
        }
        var answer = (request.Method, request.Path.Value) switch
        {
            ("GET", "/systemsmanager/parameters/get") => Credentials(request),
            ("GET", "/the-bucket" or "/the-bucket/") => List(),
            ("GET", { } path) when path.StartsWith("/the-bucket/", StringComparison.Ordinal) && FailedEvents.TryGetValue(path["/the-bucket/".Length..], out var record) => System.Text.Encoding.UTF8.GetString(record),
            ("DELETE", { } path) when path.StartsWith("/the-bucket/", StringComparison.Ordinal) && FailedEvents.TryRemove(path["/the-bucket/".Length..], out _) => "",
            ("PUT", { } path) when path.StartsWith("/the-bucket/", StringComparison.Ordinal) => await PutAsync(request),
            _ => null,
        };
        http.Response.StatusCode = answer is null ? StatusCodes.Status404NotFound : request.Method == "DELETE" ? StatusCodes.Status204NoContent : StatusCodes.Status200OK;
        // The MD5 of the object, which the SDK compares with what it reads.
        if (request.Path.Value!.StartsWith("/the-bucket/", StringComparison.Ordinal) && FailedEvents.TryGetValue(request.Path.Value["/the-bucket/".Length..], out var stored))
            http.Response.Headers.ETag = $"\"{Convert.ToHexStringLower(MD5.HashData(stored))}\"";
        if (answer is { Length: > 0 })
            await http.Response.WriteAsync(answer);
    }

    // https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html
    private string? Credentials(HttpRequest request)
    {
        if (request.Headers["X-Aws-Parameters-Secrets-Token"] != "session" || request.Query["withDecryption"] != "true")
            return null;
        var name = (string)request.Query["name"]!;
        SecretsRead.Enqueue(name);
        var destination = Destinations.Count == 1 ? Destinations[0] : Destinations.Single(one => name.EndsWith($"/{one.Choice}", StringComparison.Ordinal));
        return new JsonObject { ["Parameter"] = new JsonObject { ["Value"] = destination.Credentials } }.ToJsonString();
    }

    private async Task<string> PutAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        FailedEvents[request.Path.Value!["/the-bucket/".Length..]] = body.ToArray();
        return "";
    }

    private string List() => $"""
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>the-bucket</Name><IsTruncated>false</IsTruncated><KeyCount>{FailedEvents.Count}</KeyCount>{string.Concat(FailedEvents.Keys.Order(StringComparer.Ordinal).Select(key => $"<Contents><Key>{key}</Key><LastModified>2026-11-22T12:00:00.000Z</LastModified><ETag>&quot;0&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>"))}</ListBucketResult>
        """;
}
