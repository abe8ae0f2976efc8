using System.Reflection;
using System.Text.Json.Nodes;
using Xunit;

namespace Serverless.Testing;

/// <summary>
/// Compares each function's role with its code: it allows the calls to AWS that the code makes, and no others. A service's tests run
/// these checks by a class that derives from this one.
/// </summary>
public abstract class RoleChecks : DeploymentTest
{
    private static readonly Lazy<CodeOfFunctions> Code = new(() => new CodeOfFunctions(Assembly.Load("bootstrap")));

    private IEnumerable<DeployedFunction> Functions => Deployed.Of("AWS::Lambda::Function").Select(function => new DeployedFunction(function.Key, function.Value));

    [Fact]
    public void Allow_what_the_code_of_each_function_calls_and_nothing_else()
    {
        Assert.All(Functions, function =>
        {
            var called = ActionsOfCode(function).Concat(ActionsOfLambdaFor(function));
            var allowed = StatementsOf(function).SelectMany(statement => Several(statement["Action"])).Where(action => !action.StartsWith("logs:", StringComparison.Ordinal));

            Assert.Equal($"{function.Name}: {Sorted(called)}", $"{function.Name}: {Sorted(allowed)}");
        });
    }

    [Fact]
    public void Allow_exactly_the_tables_and_indexes_that_the_function_uses()
    {
        Assert.All(Functions, function =>
        {
            var (calls, texts) = Code.Value.Of(function.Name);
            var queries = calls.Any(call => call.Name == "QueryAsync");
            // A function finds a table by a variable of its environment, and an index by its name.
            var tables = Deployed.Of("AWS::DynamoDB::Table").Where(table => function.Settings.Contains(Reference("Ref", $"\"{table.Key}\""), StringComparison.Ordinal)).ToList();
            var used = tables.Select(table => Reference("Fn::GetAtt", $"[\"{table.Key}\",\"Arn\"]")).Concat(
                from table in tables
                from index in IndexesOf(table.Value)
                where queries && texts.Contains(index)
                select Reference("Fn::Sub", $"\"${{{table.Key}.Arn}}/index/{index}\""));

            var allowed = StatementsOf(function).Where(statement => Several(statement["Action"]).Any(IsForTables)).SelectMany(statement => Several(statement["Resource"]));

            Assert.Equal($"{function.Name}: {Sorted(used)}", $"{function.Name}: {Sorted(allowed)}");
        });
    }

    [Fact]
    public void Belong_to_one_function_each()
    {
        var roles = Functions.Select(function => function.RoleId).ToList();

        Assert.Equal(roles.Distinct(), roles);
    }

    // IAM's names of what the code calls: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
    private static IEnumerable<string> ActionsOfCode(DeployedFunction function)
    {
        var (calls, texts) = Code.Value.Of(function.Name);
        foreach (var call in calls)
        {
            var names = call.DeclaringType?.Namespace?.Split('.') ?? [];
            if (names is not ["Amazon", var service, ..])
                continue;
            if (call is { DeclaringType.Name: "GetObjectRequest", Name: "set_VersionId" })
                yield return "s3:GetObjectVersion";
            if (!call.DeclaringType!.Name.StartsWith("IAmazon", StringComparison.Ordinal) || !call.Name.EndsWith("Async", StringComparison.Ordinal))
                continue;
            var operation = call.Name[..^"Async".Length];
            yield return (service, operation) switch
            {
                ("S3", "ListObjectsV2" or "HeadBucket") => "s3:ListBucket",
                ("S3", "GetObjectMetadata") => "s3:GetObject",
                ("DynamoDBv2", _) => $"dynamodb:{operation}",
                _ => $"{service.ToLowerInvariant()}:{operation}",
            };
            // Without it S3 answers 403, not 404, for an object that is gone.
            if ((service, operation) is ("S3", "GetObject" or "GetObjectMetadata"))
                yield return "s3:ListBucket";
        }

        // The AWS Parameters and Secrets Lambda Extension calls with the function's role.
        if (texts.Any(text => text.Contains("/systemsmanager/parameters/get", StringComparison.Ordinal)))
            yield return "ssm:GetParameter";
        if (texts.Any(text => text.Contains("/secretsmanager/get", StringComparison.Ordinal)))
            yield return "secretsmanager:GetSecretValue";
    }

    // Lambda uses the function's role to read from a queue or a stream, and to keep an event that failed.
    private IEnumerable<string> ActionsOfLambdaFor(DeployedFunction function)
    {
        var settings = Deployed.Of("AWS::Lambda::EventSourceMapping").Concat(Deployed.Of("AWS::Lambda::EventInvokeConfig"))
            .Select(setting => setting.Value).Where(setting => setting["FunctionName"]!.ToJsonString().Contains($"\"{function.Id}\"", StringComparison.Ordinal));
        foreach (var setting in settings)
        {
            string[] reading = (string?)setting["EventSourceArn"]?["Fn::GetAtt"]?[0] is not { } source ? [] : (string)Deployed.Resources[source]!["Type"]! switch
            {
                "AWS::SQS::Queue" => ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                "AWS::DynamoDB::Table" => ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
                var type => throw new NotSupportedException($"{function.Name} reads from {source}, a {type}. Add the actions that Lambda needs for this type."),
            };
            string[] keeping = setting["DestinationConfig"]?["OnFailure"] is null ? [] : ["s3:ListBucket", "s3:PutObject"];
            foreach (var action in reading.Concat(keeping))
                yield return action;
        }
    }

    private IEnumerable<JsonNode> StatementsOf(DeployedFunction function) =>
        Deployed[function.RoleId]["Policies"]!.AsArray()
            .Concat(Deployed.Of("AWS::IAM::RolePolicy").Select(policy => policy.Value).Where(policy => policy["RoleName"]!.ToJsonString() == Reference("Ref", $"\"{function.RoleId}\"")))
            .SelectMany(policy => policy!["PolicyDocument"]!["Statement"]!.AsArray())
            .Select(statement => statement!);

    private static bool IsForTables(string action) =>
        action.StartsWith("dynamodb:", StringComparison.Ordinal) && !action.Contains("Stream", StringComparison.Ordinal) && action is not ("dynamodb:GetRecords" or "dynamodb:GetShardIterator");

    private static IEnumerable<string> IndexesOf(JsonNode table) => table["GlobalSecondaryIndexes"]?.AsArray().Select(index => (string)index!["IndexName"]!) ?? [];

    // One value or a list of them; texts as they are, intrinsic functions as their JSON.
    private static IEnumerable<string> Several(JsonNode? node) => (node as JsonArray ?? [node?.DeepClone()]).Select(item => item is JsonValue text ? text.ToString() : item!.ToJsonString());

    private static string Reference(string function, string argument) => $"{{\"{function}\":{argument}}}";

    private static string Sorted(IEnumerable<string> texts) => string.Join(", ", texts.Distinct().Order(StringComparer.Ordinal));

    private sealed record DeployedFunction(string Id, JsonNode Properties)
    {
        public string Name => (string?)Properties["Environment"]?["Variables"]?["SERVICE_FUNCTION"] ?? (string)Properties["Handler"]!;

        public string RoleId => (string)Properties["Role"]!["Fn::GetAtt"]![0]!;

        public string Settings => Properties["Environment"]?["Variables"]?.ToJsonString() ?? "";
    }
}
