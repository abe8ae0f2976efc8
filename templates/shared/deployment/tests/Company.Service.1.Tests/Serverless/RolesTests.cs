using System.Reflection;
using System.Text.Json.Nodes;
using Xunit;

namespace Serverless;

/// <summary>Each function's role against its code: it allows the calls to AWS that the code makes, and no others.</summary>
public sealed class RolesTests : DeploymentTest
{
    private static readonly CodeOfFunctions Code = new(Assembly.Load("bootstrap"));

    [Fact]
    public void Allow_what_the_code_of_each_function_calls_and_nothing_else()
    {
        Assert.All(Functions, function =>
        {
            var expected = CallsOf(function.Name).Concat(CallsOfLambdaFor(function.Id)).Order().Distinct();
            var allowed = StatementsOf(function).SelectMany(statement => Texts(statement["Action"])).Where(action => !action.StartsWith("logs:", StringComparison.Ordinal));

            Assert.Equal((function.Name, string.Join(", ", expected)), (function.Name, string.Join(", ", allowed.Order().Distinct())));
        });
    }

    [Fact]
    public void Allow_only_the_tables_and_indexes_that_the_function_is_told_of()
    {
        Assert.All(Functions, function =>
        {
            var (calls, texts) = Code.Of(function.Name);
            var tables = Deployed.Of("AWS::DynamoDB::Table").Where(table => function.Properties["Environment"]?["Variables"]?.AsObject().Any(variable => (string?)variable.Value?.AsObjectOrNull()?["Ref"] == table.Key) == true).ToList();
            var indexes = calls.Any(call => call.Name == "QueryAsync")
                ? tables.SelectMany(table => table.Value["GlobalSecondaryIndexes"]?.AsArray().Select(index => $"{table.Key}/{index!["IndexName"]}") ?? []).Where(index => texts.Contains(index.Split('/')[1]))
                : [];

            var allowed = StatementsOf(function).Where(statement => Texts(statement["Action"]).Any(action => action.StartsWith("dynamodb:", StringComparison.Ordinal) && !action.EndsWith("Stream", StringComparison.Ordinal)))
                .SelectMany(statement => statement["Resource"] is JsonArray several ? several.ToList() : [statement["Resource"]])
                .Select(resource => resource!["Fn::GetAtt"]?[1]?.ToString() == "Arn" ? resource["Fn::GetAtt"]![0]!.ToString() : ((string?)resource["Fn::Sub"])?.Replace("${", "", StringComparison.Ordinal).Replace(".Arn}/index/", "/", StringComparison.Ordinal))
                .ToList();

            Assert.Subset([.. tables.Select(table => table.Key), .. indexes], allowed.Where(resource => resource is not null && !resource.Contains("/stream/", StringComparison.Ordinal)).ToHashSet());
            Assert.Subset(allowed.ToHashSet(), indexes.ToHashSet()!);
        });
    }

    [Fact]
    public void Belong_to_one_function_each()
    {
        var roles = Functions.Select(function => function.Role).ToList();

        Assert.Equal(roles.Distinct(), roles);
    }

    private IEnumerable<(string Id, string Name, string Role, JsonNode Properties)> Functions =>
        Deployed.Of("AWS::Lambda::Function").Select(function => (
            function.Key,
            (string?)function.Value["Environment"]?["Variables"]?["SERVICE_FUNCTION"] ?? (string)function.Value["Handler"]!,
            (string)function.Value["Role"]!["Fn::GetAtt"]![0]!,
            function.Value));

    private IEnumerable<JsonNode> StatementsOf((string Id, string Name, string Role, JsonNode Properties) function) =>
        Deployed[function.Role]["Policies"]!.AsArray().Select(policy => policy!)
            .Concat(Deployed.Of("AWS::IAM::RolePolicy").Select(policy => policy.Value).Where(policy => (string?)policy["RoleName"]?.AsObjectOrNull()?["Ref"] == function.Role))
            .SelectMany(policy => policy["PolicyDocument"]!["Statement"]!.AsArray())
            .Select(statement => statement!);

    // IAM's names for what the code calls: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    private static IEnumerable<string> CallsOf(string function)
    {
        var (calls, texts) = Code.Of(function);
        foreach (var call in calls.Where(call => call.DeclaringType!.Namespace?.StartsWith("Amazon.", StringComparison.Ordinal) == true))
        {
            var (service, name) = (call.DeclaringType!.Namespace!.Split('.')[1], call.Name);
            if (call.DeclaringType.Name == "GetObjectRequest" && name == "set_VersionId")
                yield return "s3:GetObjectVersion";
            if (!call.DeclaringType.Name.StartsWith("IAmazon", StringComparison.Ordinal) || !name.EndsWith("Async", StringComparison.Ordinal))
                continue;
            name = name[..^"Async".Length];
            if (service == "S3")
            {
                yield return name is "ListObjectsV2" or "HeadBucket" ? "s3:ListBucket" : $"s3:{name.Replace("GetObjectMetadata", "GetObject", StringComparison.Ordinal)}";
                // Without it S3 answers 403 for an object that is gone, not 404.
                if (name is "GetObject" or "GetObjectMetadata")
                    yield return "s3:ListBucket";
            }
            else
            {
                yield return $"{(service == "DynamoDBv2" ? "dynamodb" : service.ToLowerInvariant())}:{name}";
            }
        }

        // What the extension of AWS fetches for the function: https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html
        if (texts.Any(text => text.Contains("/systemsmanager/parameters/get", StringComparison.Ordinal)))
            yield return "ssm:GetParameter";
        if (texts.Any(text => text.Contains("/secretsmanager/get", StringComparison.Ordinal)))
            yield return "secretsmanager:GetSecretValue";
    }

    // Lambda reads from a source and writes what failed with the function's role.
    private IEnumerable<string> CallsOfLambdaFor(string functionId)
    {
        foreach (var (_, configuration) in Deployed.Of("AWS::Lambda::EventSourceMapping").Concat(Deployed.Of("AWS::Lambda::EventInvokeConfig")).Where(entry => entry.Value["FunctionName"]!.ToJsonString().Contains($"\"{functionId}\"", StringComparison.Ordinal)))
        {
            string[] source = configuration["EventSourceArn"]?["Fn::GetAtt"]?[0]?.ToString() is not { } id ? [] : (string)Deployed.Resources[id]!["Type"]! switch
            {
                "AWS::SQS::Queue" => ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                "AWS::DynamoDB::Table" => ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
                var other => throw new InvalidOperationException($"{id} is a {other}: add what Lambda needs to read from it."),
            };
            foreach (var action in source)
                yield return action;
            if (configuration["DestinationConfig"]?["OnFailure"] is not null)
            {
                yield return "s3:PutObject";
                yield return "s3:ListBucket";
            }
        }
    }

    private static IEnumerable<string> Texts(JsonNode? node) => node is JsonArray several ? several.Select(item => item!.ToString()) : node is null ? [] : [node.ToString()];
}

/// <summary>Reads a member of what may be a text instead of an object.</summary>
internal static class JsonNodeExtensions
{
    /// <summary>The object, or null.</summary>
    public static JsonObject? AsObjectOrNull(this JsonNode node) => node as JsonObject;
}
