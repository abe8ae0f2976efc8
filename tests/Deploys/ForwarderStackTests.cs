using System.Text.Json.Nodes;
using Xunit;

namespace Serverless.Templates.Tests;

public sealed class ForwarderStackTests
{
    public static TheoryData<string> Pairs => Combinations.Of("sls-forwarder");

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Owns_one_permission_for_the_logs_of_this_account_and_no_other(string options)
    {
        var stack = await StackOfAsync(options);

        var permission = stack.Single("AWS::Lambda::Permission");

        Assert.Equal("logs.amazonaws.com", (string?)permission["Principal"]);
        Assert.Equal("lambda:InvokeFunction", (string?)permission["Action"]);
        Assert.Equal("""{"Ref":"AWS::AccountId"}""", permission["SourceAccount"]!.ToJsonString());
        Assert.Equal("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*:*", (string?)permission["SourceArn"]!["Fn::Sub"]);
        Assert.Equal("""{"Fn::GetAtt":["ForwarderLambdaFunction","Arn"]}""", permission["FunctionName"]!.ToJsonString());
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Tells_the_venture_its_ARN_after_it_may_be_invoked(string options)
    {
        var stack = await StackOfAsync(options);

        var (name, parameter) = stack.OfType("AWS::SSM::Parameter").Single();

        Assert.Equal("/acme/dev/log-forwarder/arn", (string?)parameter["Name"]);
        Assert.Equal("""{"Fn::GetAtt":["ForwarderLambdaFunction","Arn"]}""", parameter["Value"]!.ToJsonString());
        Assert.Equal("""{"Fn::GetAtt":["ForwarderLambdaFunction","Arn"]}""", stack.Json["Outputs"]!["ForwarderArn"]!["Value"]!.ToJsonString());
        Assert.Contains(stack.OfType("AWS::Lambda::Permission").Single().Name, Stack.Texts(stack.Json["Resources"]![name]!["DependsOn"]));
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Keeps_an_event_that_failed_three_times_in_a_bucket(string options)
    {
        var stack = await StackOfAsync(options);

        var invocations = stack.Single("AWS::Lambda::EventInvokeConfig");
        var bucket = Assert.Single(stack.Resources, resource => (string?)resource.Resource["Type"] == "AWS::S3::Bucket" && resource.Name != "ServerlessDeploymentBucket");

        Assert.Equal(2, (int)invocations["MaximumRetryAttempts"]!);
        Assert.Equal(6 * 60 * 60, (int)invocations["MaximumEventAgeInSeconds"]!);
        Assert.Equal($$"""{"Fn::GetAtt":["{{bucket.Name}}","Arn"]}""", invocations["DestinationConfig"]!["OnFailure"]!["Destination"]!.ToJsonString());
        Assert.Equal("""{"Ref":"ForwarderLambdaFunction"}""", invocations["FunctionName"]!.ToJsonString());
        Assert.All(bucket.Resource["Properties"]!["PublicAccessBlockConfiguration"]!.AsObject(), setting => Assert.True((bool)setting.Value!));
        Assert.Equal(4, bucket.Resource["Properties"]!["PublicAccessBlockConfiguration"]!.AsObject().Count);
        Assert.NotNull(bucket.Resource["Properties"]!["BucketEncryption"]);
        Assert.Equal(30, (int)bucket.Resource["Properties"]!["LifecycleConfiguration"]!["Rules"]![0]!["ExpirationInDays"]!);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Rings_when_events_or_lines_are_not_delivered_wait_or_cannot_even_be_kept(string options)
    {
        var stack = await StackOfAsync(options);
        var topic = stack.OfType("AWS::SNS::Topic").Single().Name;

        var alarms = stack.OfType("AWS::CloudWatch::Alarm").ToList();

        Assert.Equal(
            ["AWS/Lambda AsyncEventAge Maximum 900000", "AWS/Lambda AsyncEventsDropped Sum 1", "AWS/Lambda DestinationDeliveryFailures Sum 1", "AWS/Lambda Throttles Sum 1", .. IsOfSeveral(stack) ? ["LogForwarder Kept Sum 1"] : Array.Empty<string>(), "LogForwarder Refused Sum 1"],
            alarms.Select(alarm => $"{alarm.Properties["Namespace"]} {alarm.Properties["MetricName"]} {alarm.Properties["Statistic"]} {alarm.Properties["Threshold"]}").Order(StringComparer.Ordinal));
        Assert.All(alarms, alarm =>
        {
            Assert.Equal("""[{"Name":"FunctionName","Value":{"Ref":"ForwarderLambdaFunction"}}]""", alarm.Properties["Dimensions"]!.ToJsonString());
            Assert.Equal($$"""[{"Ref":"{{topic}}"}]""", alarm.Properties["AlarmActions"]!.ToJsonString());
            Assert.Equal("GreaterThanOrEqualToThreshold", (string?)alarm.Properties["ComparisonOperator"]);
        });
        var readme = await File.ReadAllTextAsync(stack.Service.PathOf("README.md"));
        Assert.All(alarms, alarm => Assert.Contains($"\n| `{alarm.Name}` |", readme, StringComparison.Ordinal));
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Has_two_functions_with_the_memory_of_their_runtime(string options)
    {
        var stack = await StackOfAsync(options);

        var functions = stack.OfType("AWS::Lambda::Function").ToDictionary(function => ((string)function.Properties["FunctionName"]!).Split('-')[^1], function => function.Properties);

        Assert.Equal(["forwarder", "redrive"], functions.Keys.Order(StringComparer.Ordinal));
        Assert.All(functions.Values, function => Assert.Equal(stack["runtime"] == "aot" ? 128 : 512, (int)function["MemorySize"]!));
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Gives_each_function_a_role_of_its_own_that_may_write_to_its_own_log_group_only(string options)
    {
        var stack = await StackOfAsync(options);

        var functions = stack.OfType("AWS::Lambda::Function").ToList();
        var roles = functions.Select(function => (string)function.Properties["Role"]!["Fn::GetAtt"]![0]!).ToList();

        Assert.Distinct(roles);
        Assert.Equal(roles.Order(StringComparer.Ordinal), stack.OfType("AWS::IAM::Role").Select(role => role.Name).Order(StringComparer.Ordinal));
        Assert.All(functions.Zip(roles), pair =>
        {
            var statement = StatementsOf(stack, pair.Second).Single(statement => Stack.Texts(statement["Action"]).Contains("logs:PutLogEvents"));
            Assert.Equal(["logs:CreateLogStream", "logs:PutLogEvents"], Stack.Texts(statement["Action"]));
            Assert.EndsWith($":log-group:/aws/lambda/{pair.First.Properties["FunctionName"]}:*", (string?)statement["Resource"]!["Fn::Sub"], StringComparison.Ordinal);
        });
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Lets_each_function_read_the_credentials_and_use_the_bucket_as_it_must(string options)
    {
        var stack = await StackOfAsync(options);

        Assert.All(new[] { "ForwarderRole", "RedriveRole" }, role =>
        {
            Assert.EndsWith($":parameter/acme/dev/log-forwarder/destination{(IsOfSeveral(stack) ? "/*" : "")}", ResourceOf(role, "ssm:GetParameter"), StringComparison.Ordinal);
            Assert.EndsWith($":secret:acme/dev/log-forwarder/destination{(IsOfSeveral(stack) ? "/*" : "-??????")}", ResourceOf(role, "secretsmanager:GetSecretValue"), StringComparison.Ordinal);
        });
        Assert.Equal("${FailedEvents.Arn}/*", ResourceOf("ForwarderRole", "s3:PutObject"));
        Assert.Equal("${FailedEvents.Arn}/*", ResourceOf("RedriveRole", "s3:GetObject"));
        Assert.Equal("${FailedEvents.Arn}/*", ResourceOf("RedriveRole", "s3:DeleteObject"));
        Assert.DoesNotContain(ActionsOf("ForwarderRole"), action => action is "s3:GetObject" or "s3:DeleteObject");
        Assert.Equal(
            ["${FailedEvents.Arn}/redrive/lease", .. IsOfSeveral(stack) ? ["${FailedEvents.Arn}/failed/*"] : Array.Empty<string>(), "${FailedEvents.Arn}/refused/*"],
            StatementsOf(stack, "RedriveRole").Single(statement => Stack.Texts(statement["Action"]).Contains("s3:PutObject"))["Resource"]!.AsArray().Select(resource => (string?)resource!["Fn::Sub"]));

        IEnumerable<string> ActionsOf(string role) => StatementsOf(stack, role).SelectMany(statement => Stack.Texts(statement["Action"]));
        string? ResourceOf(string role, string action) =>
            (string?)StatementsOf(stack, role).Single(statement => Stack.Texts(statement["Action"]).Contains(action))["Resource"]!["Fn::Sub"];
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Fetches_the_credentials_by_the_extension_of_its_region_and_processor(string options)
    {
        var stack = await StackOfAsync(options);

        Assert.All(stack.OfType("AWS::Lambda::Function"), function =>
        {
            var layer = Assert.Single(Stack.Texts(function.Properties["Layers"]));
            Assert.Contains($":lambda:{stack["region"]}:", layer, StringComparison.Ordinal);
            Assert.Contains(stack["architecture"] == "arm64" ? ":AWS-Parameters-and-Secrets-Lambda-Extension-Arm64:" : ":AWS-Parameters-and-Secrets-Lambda-Extension:", layer, StringComparison.Ordinal);
            Assert.Equal(
                stack["destination"].Split('|') is { Length: > 1 } several
                    ? several.Select(name => ($"DESTINATION_SECRET_{name.ToUpperInvariant()}", $"ssm:/acme/dev/log-forwarder/destination/{name}")).Order()
                    : [("DESTINATION_SECRET", "ssm:/acme/dev/log-forwarder/destination")],
                function.Properties["Environment"]!["Variables"]!.AsObject().Where(variable => variable.Key.StartsWith("DESTINATION_", StringComparison.Ordinal)).Select(variable => (variable.Key, (string)variable.Value!)).Order());
        });
    }

    [FactThatNeeds("node", "npm")]
    public async Task Reserves_concurrency_for_the_forwarder_alone_when_it_is_told_to()
    {
        var service = await GeneratedService.CreateAsync(Template.Named("sls-forwarder"), GeneratedService.UsualName, Options.Defaults);
        Stack.WriteZip(service);

        var stack = await Stack.CompileAsync(service, "--param", "concurrency=5");

        var reserved = stack.OfType("AWS::Lambda::Function").ToDictionary(function => function.Name, function => (int?)function.Properties["ReservedConcurrentExecutions"]);
        Assert.Equal(new Dictionary<string, int?> { ["ForwarderLambdaFunction"] = 5, ["RedriveLambdaFunction"] = null }, reserved);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Holds_no_secret(string options)
    {
        var stack = await StackOfAsync(options);

        Assert.DoesNotContain(stack.OfType("AWS::Lambda::Function").SelectMany(function => function.Properties["Environment"]!["Variables"]!.AsObject()), variable =>
            variable.Key.Contains("TOKEN", StringComparison.Ordinal) || variable.Key.Contains("CREDENTIALS", StringComparison.Ordinal));
    }

    private static bool IsOfSeveral(Stack stack) => stack["destination"].Contains('|', StringComparison.Ordinal);

    private static Task<Stack> StackOfAsync(string options) => Stack.ShareAsync(Template.Named("sls-forwarder"), Options.Parse(options));

    private static IEnumerable<JsonObject> StatementsOf(Stack stack, string role) =>
        Stack.Objects(stack.Json["Resources"]![role]!["Properties"]!["Policies"]).Where(node => node.ContainsKey("Effect"));
}
