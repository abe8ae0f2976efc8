using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Company.Forwarder._1.Tests;
using Microsoft.AspNetCore.Http;

namespace Serverless.Templates.Tests;

/// <summary>
/// What surrounds a deployed forwarder, on loopback: the AWS Parameters and Secrets extension, which hands out the destination's
/// credentials, the destination itself, and the bucket of the events that failed.
/// </summary>
public sealed class LogPlatform : IAsyncDisposable
{
    private const string Token = "7e1b4d0c-not-to-be-logged";

    private readonly DestinationServer destination;
    private Loopback server = null!;

    private LogPlatform(DestinationServer destination) => this.destination = destination;

    /// <summary>What no output may hold.</summary>
    public static string Secret => Token;

    /// <summary>What the destination has taken.</summary>
    public IReadOnlyCollection<TakenEntry> Taken => [.. destination.Taken];

    /// <summary>What the destination was sent.</summary>
    public IReadOnlyCollection<ArrivedRequest> Requests => destination.Requests;

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
    /// <param name="destination">The value of <c>--destination</c>.</param>
    public static async Task<LogPlatform> StartAsync(string destination)
    {
        var platform = new LogPlatform(DestinationOf(destination));
        platform.destination.Token = Token;
        platform.server = await Loopback.StartAsync(platform.HandleAsync);
        platform.destination.Address = platform.server.Address;
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

    /// <summary>Forgets what the destination has taken and was sent.</summary>
    public void Forget() => destination.Forget();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await destination.DisposeAsync();
        await server.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext http)
    {
        var request = http.Request;
        if (request.Method == "POST")
        {
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
        SecretsRead.Enqueue(request.Query["name"]!);
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
