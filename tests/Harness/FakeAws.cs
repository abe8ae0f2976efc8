using System.Collections.Concurrent;
using System.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Serverless.Templates.Tests;

/// <summary>
/// As much of AWS, on loopback, as <c>osls deploy</c> and <c>osls remove</c> ask for: CloudFormation with one stack, and S3. Its buckets
/// have the lower-case logical ids as names.
/// </summary>
public sealed class FakeAws : IAsyncDisposable
{
    private const string StackId = "arn:aws:cloudformation:ap-southeast-2:123456789012:stack/acme/1";

    private readonly string template;
    private Loopback server = null!;
    private string stackStatus = "UPDATE_COMPLETE";

    private FakeAws(string template) => this.template = template;

    /// <summary>Where it listens.</summary>
    public Uri Address => server.Address;

    /// <summary>What was asked for, in order: CloudFormation's actions by name, S3's by method and path.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The objects, by bucket and key, with the metadata they were stored with.</summary>
    public ConcurrentDictionary<string, IReadOnlyDictionary<string, string>> Objects { get; } = new();

    /// <summary>Starts it.</summary>
    /// <param name="template">The template that is deployed.</param>
    public static async Task<FakeAws> StartAsync(string template)
    {
        var aws = new FakeAws(template);
        aws.server = await Loopback.StartAsync(aws.HandleAsync);
        return aws;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task HandleAsync(HttpContext http)
    {
        http.Response.ContentType = "text/xml";
        if (http.Request.HasFormContentType)
        {
            var form = await http.Request.ReadFormAsync();
            Requests.Enqueue(form["Action"]!);
            await http.Response.WriteAsync($"<{form["Action"]}Response><{form["Action"]}Result>{AnswerOf(form)}</{form["Action"]}Result></{form["Action"]}Response>");
        }
        else if (http.Request.Headers.ContainsKey("X-Amz-Target") || http.Request.Path.StartsWithSegments("/2015-03-31", StringComparison.Ordinal))
        {
            // Services that are only asked whether something is there: ECR and Lambda.
            http.Response.StatusCode = 404;
            http.Response.ContentType = "application/x-amz-json-1.1";
            await http.Response.WriteAsync("""{"__type":"RepositoryNotFoundException","message":"There is none."}""");
        }
        else
        {
            await HandleS3Async(http);
        }
    }

    private string AnswerOf(IFormCollection form)
    {
        switch ((string?)form["Action"])
        {
            case "GetTemplate":
                return $"<TemplateBody>{SecurityElement.Escape(template)}</TemplateBody>";
            case "DescribeStackResource":
                var id = (string)form["LogicalResourceId"]!;
                return $"<StackResourceDetail><LogicalResourceId>{id}</LogicalResourceId><PhysicalResourceId>{id.ToLowerInvariant()}</PhysicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus></StackResourceDetail>";
            case "DescribeStacks":
                return $"<Stacks><member><StackName>acme</StackName><StackId>{StackId}</StackId><StackStatus>{stackStatus}</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime></member></Stacks>";
            case "DeleteStack":
                stackStatus = "DELETE_COMPLETE";
                return "";
            case "CreateChangeSet":
                return $"<Id>{StackId}</Id><StackId>{StackId}</StackId>";
            case "DescribeChangeSet":
                return $"<ChangeSetName>change</ChangeSetName><StackId>{StackId}</StackId><Status>CREATE_COMPLETE</Status>";
            case "DescribeStackEvents":
                return $"<StackEvents><member><EventId>{Guid.NewGuid()}</EventId><StackId>{StackId}</StackId><StackName>acme</StackName><PhysicalResourceId>{StackId}</PhysicalResourceId><LogicalResourceId>acme</LogicalResourceId><ResourceType>AWS::CloudFormation::Stack</ResourceType><ResourceStatus>{stackStatus}</ResourceStatus><Timestamp>{DateTime.UtcNow:O}</Timestamp></member></StackEvents>";
            case "GetCallerIdentity":
                return "<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/someone</Arn><UserId>someone</UserId>";
            default:
                return "";
        }
    }

    private async Task HandleS3Async(HttpContext http)
    {
        var (method, name) = (http.Request.Method, http.Request.Path.Value!.Trim('/'));
        if (HttpMethods.IsPut(method))
        {
            Requests.Enqueue($"PUT {name}");
            await http.Request.Body.CopyToAsync(Stream.Null);
            Objects[name] = http.Request.Headers.Where(header => header.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase)).ToDictionary(header => header.Key, header => header.Value.ToString());
        }
        else if (HttpMethods.IsHead(method) && Objects.TryGetValue(name, out var metadata))
        {
            foreach (var (key, value) in metadata)
                http.Response.Headers[key] = new StringValues(value);
        }
        else if (HttpMethods.IsPost(method) && http.Request.Query.ContainsKey("delete"))
        {
            Requests.Enqueue($"EMPTY {name}");
            foreach (var key in KeysOf(name))
                Objects.TryRemove($"{name}/{key}", out _);
            await http.Response.WriteAsync("<DeleteResult/>");
        }
        else if (http.Request.Query.ContainsKey("versions"))
        {
            await http.Response.WriteAsync($"<ListVersionsResult><IsTruncated>false</IsTruncated>{string.Concat(KeysOf(name).Select(key => $"<Version><Key>{key}</Key><VersionId>1</VersionId></Version>"))}</ListVersionsResult>");
        }
        else if (http.Request.Query.ContainsKey("list-type"))
        {
            await http.Response.WriteAsync($"<ListBucketResult><IsTruncated>false</IsTruncated>{string.Concat(KeysOf(name).Select(key => $"<Contents><Key>{key}</Key></Contents>"))}</ListBucketResult>");
        }
    }

    private List<string> KeysOf(string bucket) =>
        [.. Objects.Keys.Where(name => name.StartsWith($"{bucket}/", StringComparison.Ordinal)).Select(name => name[(bucket.Length + 1)..]).Order(StringComparer.Ordinal)];
}
