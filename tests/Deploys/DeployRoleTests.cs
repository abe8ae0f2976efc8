using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The role that a venture's pipelines deploy with, against the stacks of every service in every combination of options.</summary>
public sealed class DeployRoleTests
{
    /// <summary>What the handlers of a resource type ask for on behalf of properties that no stack has, and those properties.</summary>
    private static readonly Dictionary<string, string[]> Unneeded = new()
    {
        // No action of IAM: tags are set by POST and DELETE on /tags.
        ["apigateway:(Untag|Tag)Resource"] = [],
        ["cloudfront:UpdateDistribution"] = ["CustomDomainConfig"],
        ["cognito-sync:.*"] = ["CognitoEvents", "CognitoStreams", "PushSync"],
        ["dynamodb:(AssociateTableReplica|CreateTableReplica|BatchWriteItem|(Delete|Get|Put|Update)Item|Query|Scan)"] = ["Replicas"],
        ["dynamodb:(ImportTable|DescribeImport)|s3:GetObjectMetadata|logs:DescribeLogStreams"] = ["ImportSourceSpecification"],
        ["dynamodb:(Delete|Put)ResourcePolicy"] = ["ResourcePolicy"],
        ["dynamodb:UpdateContributorInsights"] = ["ContributorInsightsSpecification"],
        ["dynamodb:(Disable|Enable|Update)KinesisStreamingDestination|kinesis:.*"] = ["KinesisStreamSpecification"],
        ["ec2:.*|elasticfilesystem:.*|s3files:.*"] = ["VpcConfig", "FileSystemConfigs"],
        ["events:(Put|Remove)Permission"] = ["Policy"],
        ["iam:(Attach|Detach)RolePolicy"] = ["ManagedPolicyArns"],
        ["iam:(Delete|Put)RolePermissionsBoundary"] = ["PermissionsBoundary"],
        ["kms:.*"] = ["KmsKeyId", "KmsKeyArn", "KmsMasterKeyId", "KMSMasterKeyID", "KMSMasterKeyId", "KmsKeyIdentifier", "KMSKeyID"],
        ["lambda:.*CodeSigningConfig"] = ["CodeSigningConfigArn"],
        ["lambda:PassCapacityProvider|lambda:PutFunctionScalingConfig"] = ["CapacityProviderConfig", "FunctionScalingConfig"],
        ["lambda:PublishVersion"] = ["PublishToLatestPublished"],
        ["lambda:PutFunctionRecursionConfig"] = ["RecursiveLoop"],
        ["lambda:PutRuntimeManagementConfig"] = ["RuntimeManagementConfig"],
        ["logs:(Associate|Disassociate)KmsKey"] = ["KmsKeyId"],
        ["logs:(DeleteDataProtectionPolicy|PutDataProtectionPolicy)|firehose:.*|s3:REST.PUT.OBJECT|sns:PutDataProtectionPolicy"] = ["DataProtectionPolicy"],
        // An account policy of ours is a subscription filter, none of the other kinds.
        ["logs:(Put|Get|Delete)(IndexPolicy|MetricExtractionPolicy|Transformer)"] = [],
        ["s3:.*MetadataTableConfiguration|s3tables:.*"] = ["MetadataTableConfiguration"],
        ["s3:PutAccelerateConfiguration"] = ["AccelerateConfiguration"],
        ["s3:(Put|DeleteBucket)AnalyticsConfiguration"] = ["AnalyticsConfigurations"],
        ["s3:PutBucketAcl|s3:PutObjectAcl"] = ["AccessControl"],
        ["s3:PutBucketCORS|s3:DeleteBucketCors"] = ["CorsConfiguration"],
        ["s3:PutBucketLogging"] = ["LoggingConfiguration"],
        ["s3:(PutBucketObjectLock|PutObjectLock)Configuration"] = ["ObjectLockConfiguration"],
        ["s3:(PutBucketReplication|PutReplicationConfiguration|DeleteBucketReplication)"] = ["ReplicationConfiguration"],
        ["s3:(Put|Delete)BucketWebsite"] = ["WebsiteConfiguration"],
        ["s3:PutIntelligentTieringConfiguration"] = ["IntelligentTieringConfigurations"],
        ["s3:PutInventoryConfiguration"] = ["InventoryConfigurations"],
        ["s3:(PutMetricsConfiguration|DeleteBucketMetricsConfiguration)"] = ["MetricsConfigurations"],
        // No actions of IAM: s3:PutEncryptionConfiguration and s3:PutLifecycleConfiguration allow these calls.
        ["s3:DeleteBucket(Encryption|Lifecycle)"] = [],
    };

    /// <summary>What the role needs beside the resources, and for what.</summary>
    private static readonly Dictionary<string, string> NeededByTheTools = new()
    {
        ["cloudformation:.*"] = "osls, and the removal of a preview",
        ["s3:(DeleteObject|DeleteObjectVersion|GetBucketLocation|GetObject|GetObjectVersion|ListBucketVersions|PutObject)"] = "the zips, and what has to go before a bucket can",
        ["logs:(Delete|Put)AccountPolicy|logs:DescribeAccountPolicies"] = "the log forwarder's parameter allLogGroups",
        ["secretsmanager:GetSecretValue"] = "the secrets of sign-in with Google or an OIDC provider",
        ["ssm:GetParameters?"] = "parameters of a stack and {{resolve:ssm}}",
        ["logs:(Delete|Get|List|Update)LogDelivery|logs:ListLogDeliveries"] = "the access log of an API",
        ["logs:(CreateLogStream|PutLogEvents)|cloudwatch:GetMetricStatistics|lambda:GetFunctionConfiguration"] = "the smoke test",
        ["(cloudwatch|dynamodb|lambda|logs|sns|sqs|events):(ListTags|ListTagsForResource|ListTagsOfResource|TagResource|UntagResource)"] = "the tags of a resource",
    };

    private static readonly JsonObject Handlers =
        JsonNode.Parse(File.ReadAllText(Repository.PathOf("tests", "Deploys", "cloudformation-permissions.json")))!["types"]!.AsObject();

    private static readonly Lazy<Task<List<Stack>>> Stacks = new(async () =>
    {
        var stacks = new List<Stack>();
        foreach (var template in Template.Services)
            foreach (var options in Options.Pairs(template))
                stacks.Add(await Stack.ShareAsync(template, options));
        return stacks;
    });

    [FactThatNeeds("node", "npm")]
    public async Task Has_the_rights_to_make_change_and_remove_every_resource() =>
        Assert.Empty(MissingRights(DeployRole.Read("dev"), await TypesAsync()));

    [FactThatNeeds("node", "npm")]
    public async Task Has_no_right_for_a_type_of_resource_that_is_not_there() =>
        Assert.Empty(SuperfluousRights(DeployRole.Read("dev"), await TypesAsync()));

    [FactThatNeeds("node", "npm")]
    public async Task Goes_without_rights_only_for_properties_that_no_resource_has()
    {
        var resources = (await Stacks.Value).SelectMany(stack => stack.Resources).Select(resource => resource.Resource).ToLookup(resource => (string)resource["Type"]!);

        Assert.All(Unneeded, rights =>
        {
            // A property of another type may have the same name.
            var types = Handlers.Where(type => type.Value is JsonObject handlers && handlers.SelectMany(handler => Stack.Texts(handler.Value)).Any(action => Matches([rights.Key], action))).Select(type => type.Key);
            var properties = types.SelectMany(type => resources[type]).SelectMany(resource => Stack.Objects(resource["Properties"])).SelectMany(node => node.Select(member => member.Key)).ToHashSet();
            Assert.DoesNotContain(rights.Value, properties.Contains);
        });
    }

    [Theory]
    [InlineData("              - dynamodb:CreateTable\n", "", "AWS::DynamoDB::Table", "dynamodb:CreateTable")]
    [InlineData("              - lambda:DeleteFunction\n", "", "AWS::Lambda::Function", "lambda:DeleteFunction")]
    public void Misses_a_right_that_is_taken_away(string from, string to, string type, string action) =>
        Assert.Contains(MissingRights(Changed(from, to), [type]), fault => fault.Contains(action, StringComparison.Ordinal));

    [Fact]
    public void Finds_a_right_that_no_resource_needs() =>
        Assert.Contains("rds:CreateDBInstance", SuperfluousRights(Changed("              - dynamodb:CreateTable\n", "              - rds:CreateDBInstance\n"), ["AWS::DynamoDB::Table"]));

    [FactThatNeeds("node", "npm")]
    public async Task May_touch_what_the_stage_names_and_nothing_of_another_stage_or_venture()
    {
        var dev = DeployRole.Read("dev");
        var prod = DeployRole.Read("prod");
        var preview = DeployRole.Read("pr-*");
        var named = (await Stacks.Value).SelectMany(NamedResources).Distinct().ToList();

        Assert.NotEmpty(named);
        Assert.All(named, resource => Assert.True(Allows(dev, resource), $"{resource} is not allowed"));
        // Rules and buses have the venture's name alone: CloudFormation shortens generated names.
        Assert.All(named.Where(resource => !resource.Action.StartsWith("events:", StringComparison.Ordinal)), resource =>
        {
            Assert.False(Allows(prod, resource), $"prod's role may {resource}");
            Assert.False(Allows(preview, resource), $"a preview's role may {resource}");
            Assert.True(Allows(preview, resource with { Arn = Regex.Replace(resource.Arn, "(?<=[-/])dev(?=[-/]|$)", "pr-7") }), $"a preview's role may not {resource}");
            Assert.False(Allows(dev, resource with { Arn = resource.Arn.Replace("acme", "other", StringComparison.Ordinal) }), $"dev's role may {resource} of another venture");
        });
    }

    [Fact]
    public void Reads_the_sign_in_secrets_of_its_stage_under_the_name_that_the_README_gives()
    {
        Assert.Contains("`__appName__/<stage>/auth/", File.ReadAllText(Path.Combine(Template.Named("sls-auth").Folder, "README.md")), StringComparison.Ordinal);
        foreach (var stage in new[] { "dev", "prod" })
            Assert.Equal(stage == "dev", DeployRole.Read(stage).Statements.Any(statement =>
                statement.Allows("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:acme/dev/auth/google-1a2b3c")));
    }

    [Fact]
    public void Is_assumed_by_the_jobs_of_one_environment_or_by_pull_requests_of_one_repository()
    {
        Assert.Equal("repo:acme@1/shop@2:environment:dev", DeployRole.Read("dev").SubjectFor(preview: false));
        Assert.Equal("repo:acme@1/shop@2:environment:prod", DeployRole.Read("prod").SubjectFor(preview: false));
        Assert.Equal("repo:acme@1/shop@2:pull_request", DeployRole.Read("pr-*").SubjectFor(preview: true));
    }

    [Fact]
    public void May_pass_only_roles_of_its_stage_to_the_services_that_use_them_and_may_not_change_itself()
    {
        foreach (var stage in new[] { "dev", "prod", "pr-*" })
        {
            var role = DeployRole.Read(stage);
            var statement = Assert.Single(role.Statements, statement => statement.Names("iam:PassRole"));
            Assert.Equal([$"arn:aws:iam::123456789012:role/acme-*-{stage}-*"], statement.Resources);
            Assert.DoesNotContain(role.Statements, other => other.Actions.Any(action => action.Contains('*', StringComparison.Ordinal)));
            foreach (var own in new[] { "dev", "prod", "preview" })
                Assert.DoesNotContain(role.Statements, other => other.Allows("iam:PutRolePolicy", $"arn:aws:iam::123456789012:role/github-acme-{own}"));
        }
    }

    [Fact]
    public void Has_policies_that_IAM_accepts()
    {
        // IAM counts a policy's characters without white space. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
        var longest = DeployRole.Read("prod");
        var text = File.ReadAllText(DeployRole.TemplatePath);
        Assert.True(longest.Statements.Sum(statement => statement.Actions.Sum(action => action.Length + 3) + statement.Resources.Sum(arn => arn.Length + 35) + 60) < 2 * 6144);
        // CloudFormation knows no YAML aliases.
        Assert.DoesNotMatch(@"(?m)[:-] [&*][a-z]", text);
    }

    private static DeployRole Changed(string from, string to)
    {
        var text = File.ReadAllText(DeployRole.TemplatePath);
        Assert.Contains(from, text, StringComparison.Ordinal);
        return DeployRole.Read("dev", text.Replace(from, to, StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyCollection<string>> TypesAsync() =>
        (await Stacks.Value).SelectMany(stack => stack.Resources).Select(resource => (string)resource.Resource["Type"]!).Distinct().ToList();

    private static List<string> MissingRights(DeployRole role, IEnumerable<string> types) =>
    [
        .. from type in types
           from fault in Handlers[type] is JsonObject handlers
               ? from handler in handlers
                 from action in Stack.Texts(handler.Value)
                 where !role.Statements.Any(statement => statement.Names(action)) && !Matches(Unneeded.Keys, action)
                 select $"{type}: {action}, to {handler.Key}"
               : [$"{type}: cloudformation-permissions.json does not have it"]
           select fault,
    ];

    private static List<string> SuperfluousRights(DeployRole role, IEnumerable<string> types)
    {
        var needed = types.Where(Handlers.ContainsKey).SelectMany(type => Handlers[type]!.AsObject()).SelectMany(handler => Stack.Texts(handler.Value)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. role.Statements.SelectMany(statement => statement.Actions).Distinct().Where(action => !needed.Contains(action) && !Matches(NeededByTheTools.Keys, action))];
    }

    private static bool Matches(IEnumerable<string> patterns, string action) =>
        patterns.Any(pattern => Regex.IsMatch(action, $"^({pattern})$", RegexOptions.IgnoreCase));

    private static bool Allows(DeployRole role, NamedResource resource) =>
        role.Statements.Any(statement => statement.Allows(resource.Action, resource.Arn));

    // What has a name in the template, with the right to make it. The others have names that CloudFormation makes of the stack's.
    private static IEnumerable<NamedResource> NamedResources(Stack stack)
    {
        const string account = "ap-southeast-2:123456789012";
        foreach (var (_, resource) in stack.Resources)
        {
            var properties = resource["Properties"]?.AsObject() ?? [];
            var named = (string?)resource["Type"] switch
            {
                "AWS::Lambda::Function" => ("lambda:CreateFunction", $"arn:aws:lambda:{account}:function:{properties["FunctionName"]}"),
                "AWS::Logs::LogGroup" => ("logs:CreateLogGroup", $"arn:aws:logs:{account}:log-group:{properties["LogGroupName"]}"),
                "AWS::SSM::Parameter" => ("ssm:PutParameter", $"arn:aws:ssm:{account}:parameter{properties["Name"]}"),
                "AWS::Events::EventBus" => ("events:CreateEventBus", $"arn:aws:events:{account}:event-bus/{properties["Name"]}"),
                "AWS::Events::Rule" when properties["Name"] is JsonValue rule => ("events:PutRule", $"arn:aws:events:{account}:rule/{rule}"),
                "AWS::SQS::Queue" when properties["QueueName"] is JsonValue queue => ("sqs:CreateQueue", $"arn:aws:sqs:{account}:{queue}"),
                "AWS::SNS::Topic" when properties["TopicName"] is JsonValue topic => ("sns:CreateTopic", $"arn:aws:sns:{account}:{topic}"),
                "AWS::DynamoDB::Table" when properties["TableName"] is JsonValue table => ("dynamodb:CreateTable", $"arn:aws:dynamodb:{account}:table/{table}"),
                "AWS::IAM::Role" when properties["RoleName"] is JsonValue role => ("iam:CreateRole", $"arn:aws:iam::123456789012:role/{role}"),
                "AWS::S3::Bucket" when properties["BucketName"] is JsonValue bucket => ("s3:CreateBucket", $"arn:aws:s3:::{bucket}"),
                _ => ("", ""),
            };
            if (named != ("", ""))
                yield return new NamedResource(named.Item1, named.Item2);
        }
    }

    private sealed record NamedResource(string Action, string Arn)
    {
        public override string ToString() => $"{Action} on {Arn}";
    }
}
