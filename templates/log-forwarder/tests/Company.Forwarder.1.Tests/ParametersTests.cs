using System.Text.Json.Nodes;
using Xunit;

namespace Company.Forwarder._1.Tests;

/// <summary>What the parameters of serverless.yml make of the CloudFormation, beside what is always in it.</summary>
public sealed class ParametersTests
{
    private static readonly string[] Parameters =
    [
        "allLogGroups=on", "excludedLogGroups=/aws/cloudtrail, /aws/lambda/x", "redriveSchedule=rate(1 hour)", "alarmOnSplitLines=on",
        "staticFields=team=orders,tier=1", """logGroupPatterns={"/aws/lambda/noisy":{"exclude":"."}}""", "deliveryLog=on", "metrics=on",
    ];

    private static readonly Lazy<Task<Deployment>> WithParameters = new(() => PackageAsync(Parameters));

    [Fact]
    public async Task Make_what_they_ask_for_and_nothing_by_default()
    {
        var off = await PackageAsync();
        var on = await WithParameters.Value;

        Assert.Equal(
            ["AllLogGroups AWS::Logs::AccountPolicy", "LinesSplit AWS::CloudWatch::Alarm", "RedriveInvocations AWS::Lambda::EventInvokeConfig", "RedriveSchedule AWS::Events::Rule", "RedriveSchedulePermission AWS::Lambda::Permission"],
            on.Resources.Where(resource => !off.Resources.ContainsKey(resource.Key)).Select(resource => $"{resource.Key} {resource.Value!["Type"]}").Order(StringComparer.Ordinal));
        Assert.All(off.Resources, resource => Assert.True(on.Resources.ContainsKey(resource.Key)));
        Assert.Equal(("off", "", "", "off", "off"), SettingsOf(off));
        Assert.Equal(("on", "team=orders,tier=1", """{"/aws/lambda/noisy":{"exclude":"."}}""", "on", "on"), SettingsOf(on));
        Assert.Equal("rate(1 hour)", (string?)on["RedriveSchedule"]["ScheduleExpression"]);
        Assert.Equal("""{"Fn::GetAtt":["RedriveLambdaFunction","Arn"]}""", on["RedriveSchedule"]["Targets"]![0]!["Arn"]!.ToJsonString());
        Assert.Equal((Metrics.Namespace, nameof(Metrics.Split)), ((string?)on["LinesSplit"]["Namespace"], (string?)on["LinesSplit"]["MetricName"]));
        // From where the last run stopped, and never a second time by itself.
        Assert.Equal("""{"continue":true}""", (string?)on["RedriveSchedule"]["Targets"]![0]!["Input"]);
        Assert.Equal(("events.amazonaws.com", 0), ((string?)on["RedriveSchedulePermission"]["Principal"], (int)on["RedriveInvocations"]["MaximumRetryAttempts"]!));
    }

    [Fact]
    public async Task Subscribe_all_log_groups_but_the_forwarders_own_and_those_that_are_named()
    {
        var on = await WithParameters.Value;
        var policy = on["AllLogGroups"];
        var own = on.Of("AWS::Logs::LogGroup").Select(group => (string)group.Value["LogGroupName"]!).Order(StringComparer.Ordinal).ToList();

        // CloudWatch Logs refuses the policy as long as it may not invoke the function.
        Assert.Contains("SubscriptionPermission", on.Needs(on.Resources["AllLogGroups"]));
        Assert.Equal("SUBSCRIPTION_FILTER_POLICY", (string?)policy["PolicyType"]);
        Assert.Equal($"LogGroupName NOT IN {new JsonArray([.. own, "/aws/cloudtrail", "/aws/lambda/x"]).ToJsonString()}", (string?)policy["SelectionCriteria"]);
        var document = JsonNode.Parse((string)policy["PolicyDocument"]!["Fn::Sub"]!)!;
        Assert.Equal(("${ForwarderLambdaFunction.Arn}", ""), ((string?)document["DestinationArn"], (string?)document["FilterPattern"]));

        // The function leaves out the events of a log group's own filter exactly where the policy sends its lines.
        var variables = on["ForwarderLambdaFunction"]["Environment"]!["Variables"]!;
        var covered = AccountPolicy.Parse((string?)variables["ALL_LOG_GROUPS"], (string?)variables["EXCLUDED_LOG_GROUPS"]);
        Assert.True(covered.Covers("/aws/lambda/acme-auth-dev-hello"));
        Assert.All(own.Where(name => !name.EndsWith("-forwarder", StringComparison.Ordinal)).Append("/aws/cloudtrail").Append("/aws/lambda/x"), name => Assert.False(covered.Covers(name)));
    }

    [Fact]
    public async Task Make_the_policy_before_the_function_relies_on_it()
    {
        var overlap = await PackageAsync("allLogGroups=overlap");

        Assert.Single(overlap.Of("AWS::Logs::AccountPolicy"));
        Assert.Equal("overlap", (string?)overlap["ForwarderLambdaFunction"]["Environment"]!["Variables"]!["ALL_LOG_GROUPS"]);
    }

    [Theory]
    [InlineData("allLogGroups=yes", "allLogGroups is \"yes\"; must be off, overlap or on.")]
    [InlineData("excludedLogGroups=/aws/lambda/*", "excludedLogGroups has \"/aws/lambda/*\"; must be the names of log groups")]
    [InlineData("redriveSchedule=hourly", "redriveSchedule is \"hourly\"; must be rate(<number> <unit>) or cron(<six fields>)")]
    [InlineData("alarmOnSplitLines=1", "alarmOnSplitLines is \"1\"; must be off or on.")]
    public async Task Stop_the_deployment_when_a_value_cannot_be_used(string parameter, string says)
    {
        Deployment.SkipWithoutPackages();
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => PackageAsync(parameter));

        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }

    private static Task<Deployment> PackageAsync(params string[] parameters)
    {
        Deployment.SkipWithoutPackages();
        return Deployment.PackageAsync([.. parameters.SelectMany(parameter => new[] { "--param", parameter })]);
    }

    private static (string?, string?, string?, string?, string?) SettingsOf(Deployment deployment)
    {
        var variables = deployment["ForwarderLambdaFunction"]["Environment"]!["Variables"]!;
        return ((string?)variables["ALL_LOG_GROUPS"], (string?)variables["STATIC_FIELDS"], (string?)variables["LOG_GROUP_PATTERNS"], (string?)variables["DELIVERY_LOG"], (string?)variables["METRICS"]);
    }
}
