using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>
/// What a service gets from the other stacks, and what the next deployment changes after one of them was removed and created again.
/// CloudFormation reads the value of a typed parameter at every deployment. It resolves a dynamic reference only when the text of the
/// property changes, so to CloudFormation a dynamic reference always has the value that it had first.
/// </summary>
public sealed partial class RedeploymentTests
{
    public static TheoryData<string, string> Pairs => Combinations.All;

    public static TheoryData<string> FunctionPairs => Combinations.Of("sls-function");

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(FunctionPairs))]
    public async Task Takes_over_what_an_auth_service_that_was_created_again_publishes(string options)
    {
        var stack = await Stack.ShareAsync(Template.Named("sls-function"), Options.Parse(options));
        if (stack.Service.Options.Values.GetValueOrDefault("trigger", "http") != "http")
            return;

        var first = Deployed(stack, path => $"first{path}");
        var second = Deployed(stack, path => path.Contains("/auth/", StringComparison.Ordinal) ? $"second{path}" : $"first{path}");

        var changed = first.Keys.Where(id => first[id] != second[id]).Select(id => (string)stack.Json["Resources"]![id]!["Type"]!).Distinct();
        string[] expected = stack.Service.Options.Values.GetValueOrDefault("auth", "lambda") switch
        {
            "lambda" or "jwt" => ["AWS::ApiGatewayV2::Authorizer"],
            "iam" => ["AWS::Lambda::Function", "AWS::IAM::RolePolicy"],
            _ => [],
        };
        Assert.Equal(expected.Order(), changed.Order());
        Assert.DoesNotContain(second.Values, resource => resource.Contains("first/acme/dev/auth/", StringComparison.Ordinal));
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Reads_by_a_dynamic_reference_only_the_forwarder_which_keeps_its_name(string template, string options)
    {
        var stack = await StackOfAsync(template, options);

        // Only the function may read the secret, and no parameter holds it.
        Assert.All(
            DynamicReference().Matches(stack.Json.ToJsonString()).Where(reference => !reference.Value.StartsWith("{{resolve:secretsmanager:", StringComparison.Ordinal)),
            reference => Assert.Equal("{{resolve:ssm:/acme/dev/log-forwarder/arn}}", reference.Value));
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Identifies_no_resource_by_a_dynamic_reference(string template, string options)
    {
        var stack = await StackOfAsync(template, options);

        // The same name at every deployment, whatever the value: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
        Assert.All(stack.Resources.Where(resource => resource.Resource.ToJsonString().Contains("{{resolve:", StringComparison.Ordinal)), resource =>
        {
            string[] identifiers = (string?)resource.Resource["Type"] switch
            {
                "AWS::Logs::SubscriptionFilter" => ["FilterName", "LogGroupName"],
                "AWS::Cognito::UserPoolIdentityProvider" => ["UserPoolId", "ProviderName"],
                var type => throw new InvalidOperationException($"{resource.Name}, a {type}, has a dynamic reference. Add what identifies it."),
            };
            Assert.All(identifiers, name => Assert.DoesNotContain("{{resolve:", resource.Resource["Properties"]![name]?.ToJsonString() ?? "", StringComparison.Ordinal));
        });
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(FunctionPairs))]
    public async Task Reads_only_what_an_auth_service_publishes_and_permits_nothing_on_its_authorizer(string options)
    {
        var stack = await Stack.ShareAsync(Template.Named("sls-function"), Options.Parse(options));
        var auth = await Stack.ShareAsync(Template.Named("sls-auth"), Options.Pairs(Template.Named("sls-auth"))[0]);

        var published = auth.OfType("AWS::SSM::Parameter").Select(parameter => (string)parameter.Properties["Name"]!).ToHashSet();

        Assert.Subset(published, TypedParameters(stack).Values.ToHashSet());
        Assert.All(stack.OfType("AWS::Lambda::Permission"), permission =>
            Assert.Equal("AWS::Lambda::Function", (string?)stack.Json["Resources"]![(string)permission.Properties["FunctionName"]!["Fn::GetAtt"]![0]!]!["Type"]));
        var permission = Assert.Single(auth.OfType("AWS::Lambda::Permission"), permission => permission.Properties["FunctionName"]!.ToJsonString().Contains("\"AuthorizerLambdaFunction\"", StringComparison.Ordinal));
        Assert.Equal("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:*/authorizers/*", (string?)permission.Properties["SourceArn"]!["Fn::Sub"]);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Reserves_no_concurrency_of_which_a_new_account_has_ten(string template, string options)
    {
        var stack = await StackOfAsync(template, options);

        Assert.DoesNotContain("ReservedConcurrentExecutions", stack.Json.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("ProvisionedConcurrentExecutions", stack.Json.ToJsonString(), StringComparison.Ordinal);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Keeps_the_data_of_a_stack_but_nothing_of_one_that_could_not_be_created(string template, string options)
    {
        var stack = await StackOfAsync(template, options);
        string[] keepsData = ["AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient", "AWS::DynamoDB::Table", "AWS::S3::Bucket"];

        Assert.All(stack.Resources.Where(resource => resource.Name != "ServerlessDeploymentBucket"), resource =>
        {
            var isKept = keepsData.Contains((string?)resource.Resource["Type"]);
            Assert.Equal(isKept ? "RetainExceptOnCreate" : null, (string?)resource.Resource["DeletionPolicy"]);
            Assert.Equal(isKept ? "Retain" : null, (string?)resource.Resource["UpdateReplacePolicy"]);
            // What is protected against deletion could not be deleted either when its creation is rolled back.
            Assert.Contains((string?)resource.Resource["Properties"]?["DeletionProtection"], new[] { null, "INACTIVE" });
            Assert.NotEqual("true", resource.Resource["Properties"]?["DeletionProtectionEnabled"]?.ToJsonString());
        });
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Says_in_the_README_in_which_order_stacks_are_removed_and_how_all_that_was_kept_is_imported(string template, string options)
    {
        var stack = await StackOfAsync(template, options);
        var readme = stack.Service.Read("README.md");

        var kept = stack.Resources.Where(resource => resource.Resource["DeletionPolicy"]?.ToString().StartsWith("Retain", StringComparison.Ordinal) == true).Select(resource => resource.Name);
        var imported = Import().Matches(readme).Select(command => Imported().Matches(command.Value).Select(resource => resource.Groups[1].Value).Order(StringComparer.Ordinal));

        Assert.Equal(kept.Order(StringComparer.Ordinal), Assert.Single(imported));
        Assert.Matches(template switch
        {
            "sls-auth" => "Remove the services that use this one first, then this one, and the log forwarder last",
            "sls-forwarder" => "Remove the forwarder after the services whose log groups it takes",
            _ when TypedParameters(stack).Count == 0 => "Remove this service before the log forwarder that it uses",
            _ => "Remove this service before the auth service and the log forwarder that it uses",
        }, readme);
    }

    private static Task<Stack> StackOfAsync(string template, string options) => Stack.ShareAsync(Template.Named(template), Options.Parse(options));

    private static Dictionary<string, string> TypedParameters(Stack stack) =>
        (stack.Json["Parameters"]?.AsObject() ?? []).ToDictionary(parameter => parameter.Key, parameter =>
        {
            Assert.Equal("AWS::SSM::Parameter::Value<String>", (string?)parameter.Value!["Type"]);
            return (string)parameter.Value["Default"]!;
        });

    // The resources, by logical id, with the parameters' present values and the dynamic references' first ones.
    private static Dictionary<string, string> Deployed(Stack stack, Func<string, string> published)
    {
        var parameters = TypedParameters(stack);
        return stack.Resources.ToDictionary(resource => resource.Name, resource => DynamicReference().Replace(
            parameters.Aggregate(resource.Resource.ToJsonString(), (text, parameter) => text.Replace($$"""{"Ref":"{{parameter.Key}}"}""", $"\"{published(parameter.Value)}\"", StringComparison.Ordinal).Replace($"${{{parameter.Key}}}", published(parameter.Value), StringComparison.Ordinal)),
            reference => $"first{reference.Groups[1].Value}"));
    }

    // node shared/deployment/import.mjs OrdersTable=<name of the table> FailedEvents=<name of the bucket>
    [GeneratedRegex("(?m)^node (\\.\\./)?shared/deployment/import\\.mjs .+$")]
    private static partial Regex Import();

    [GeneratedRegex(" ([A-Za-z]+)=<")]
    private static partial Regex Imported();

    [GeneratedRegex(@"\{\{resolve:[a-z-]+:([^}]+)\}\}")]
    private static partial Regex DynamicReference();
}
