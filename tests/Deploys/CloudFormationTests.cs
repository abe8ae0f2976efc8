using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>What holds for the stack of every template, whatever was chosen.</summary>
public sealed partial class CloudFormationTests
{
    public static TheoryData<string, string> Pairs => Combinations.All;

    private static readonly Lazy<Task<JsonObject>> SchemaFaults = new(CheckAgainstSchemaAsync);

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Has_only_resources_properties_and_references_that_exist(string template, string options)
    {
        var stack = await StackOfAsync(template, options);

        var faults = (await SchemaFaults.Value)[stack.Path]!.AsArray().Select(fault => (string)fault!);

        Faults.None(faults);
    }

    [FactThatNeeds("node", "npm")]
    public async Task Notices_what_does_not_exist()
    {
        var stack = JsonNode.Parse((await StackOfAsync(Template.Services[0].ShortName, Options.Pairs(Template.Services[0])[0].ToString())).Json.ToJsonString())!;
        var function = stack["Resources"]!.AsObject().Last(resource => (string?)resource.Value!["Type"] == "AWS::Lambda::Function").Value!;
        function["Properties"]!["MemorySise"] = 128;
        function["Properties"]!["LoggingConfig"]!["LogFormt"] = "JSON";
        function["Properties"]!["Timeout"] = "soon";
        function["Properties"]!.AsObject().Remove("Role");
        function["DependsOn"] = new JsonArray("Nothing");
        stack["Resources"]!["Queue"] = JsonNode.Parse("""{"Type":"AWS::SQS::Qeue"}""");
        stack["Outputs"]!["Lost"] = JsonNode.Parse("""{"Value":{"Fn::Sub":"${AWS::Region} ${Nowhere.Arn}"}}""");
        var path = Path.Combine(TestRun.NewFolder("schema"), "wrong.json");
        await File.WriteAllTextAsync(path, stack.ToJsonString());

        var faults = (await CloudFormationSchema.CheckAsync(path))[path]!.AsArray().Select(fault => (string)fault!).ToList();

        string[] expected =
        [
            "MemorySise is no property", "LoggingConfig.LogFormt is no property", "Timeout is no whole number", "Role is missing",
            "depends on Nothing, which is not there", "there is no type AWS::SQS::Qeue", "there is no resource Nowhere",
        ];
        Assert.All(expected, sentence => Assert.Single(faults, fault => fault.EndsWith(sentence, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, faults.Count);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Allows_no_action_and_no_resource_by_a_bare_wildcard(string template, string options)
    {
        var stack = await StackOfAsync(template, options);

        var statements = Stack.Objects(stack.Json["Resources"]).Where(node => (string?)node["Effect"] == "Allow").ToList();

        Assert.NotEmpty(statements);
        Assert.All(statements, statement =>
        {
            Assert.NotEmpty(Stack.Texts(statement["Action"]));
            Assert.DoesNotContain(Stack.Texts(statement["Action"]), action => action.Contains('*'));
            Assert.DoesNotContain("*", Stack.Texts(statement["Resource"]));
            Assert.DoesNotContain("*", Stack.Texts(statement["Principal"]));
            Assert.Null(statement["NotAction"]);
            Assert.Null(statement["NotResource"]);
        });
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Attaches_no_policy_that_somebody_else_writes(string template, string options)
    {
        var stack = await StackOfAsync(template, options);

        Assert.All(stack.OfType("AWS::IAM::Role"), role => Assert.Empty(Stack.Texts(role.Properties["ManagedPolicyArns"])));
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Lets_nobody_invoke_a_function_without_saying_from_where(string template, string options)
    {
        var stack = await StackOfAsync(template, options);

        Assert.All(stack.OfType("AWS::Lambda::Permission"), permission =>
        {
            // A bucket's own ARN would make bucket and permission wait for each other: there it is the account.
            Assert.NotNull(permission.Properties["SourceArn"] ?? permission.Properties["SourceAccount"]);
            Assert.Equal("lambda:InvokeFunction", (string?)permission.Properties["Action"]);
        });
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Depends_on_itself_nowhere(string template, string options)
    {
        var stack = await StackOfAsync(template, options);

        Assert.Empty(Cycle(stack));
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Runs_every_function_on_the_runtime_and_processor_chosen(string template, string options)
    {
        var stack = await StackOfAsync(template, options);

        Assert.NotEmpty(stack.OfType("AWS::Lambda::Function"));
        Assert.All(stack.OfType("AWS::Lambda::Function"), function =>
        {
            var name = (string)function.Properties["FunctionName"]!;
            var isNative = stack["runtime"] == "aot";
            Assert.Equal(isNative ? "provided.al2023" : "dotnet10", (string?)function.Properties["Runtime"]);
            Assert.Equal([stack["architecture"]], Stack.Texts(function.Properties["Architectures"]));
            Assert.InRange((int)function.Properties["MemorySize"]!, isNative ? 128 : 512, 1024);
            var expected = name.Split('-')[^1];
            Assert.Equal(isNative ? expected : "bootstrap", (string?)function.Properties["Handler"]);
            Assert.Equal(isNative ? null : expected, (string?)function.Properties["Environment"]?["Variables"]?["SERVICE_FUNCTION"]);
            Assert.InRange(name.Length, 1, 64);
            Assert.NotNull(function.Properties["Timeout"]);
        });
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Logs_JSON_and_keeps_it_for_the_days_chosen(string template, string options)
    {
        var stack = await StackOfAsync(template, options);
        var functions = stack.OfType("AWS::Lambda::Function").ToList();
        var groups = stack.OfType("AWS::Logs::LogGroup").ToDictionary(group => (string)group.Properties["LogGroupName"]!, group => group.Properties);

        Assert.All(functions, function =>
        {
            Assert.Equal("JSON", (string?)function.Properties["LoggingConfig"]?["LogFormat"]);
            Assert.Equal("WARN", (string?)function.Properties["LoggingConfig"]?["SystemLogLevel"]);
            Assert.Equal(stack["logRetention"], groups[$"/aws/lambda/{function.Properties["FunctionName"]}"]["RetentionInDays"]!.ToString());
        });
        Assert.All(groups.Values, group => Assert.Equal(stack["logRetention"], group["RetentionInDays"]?.ToString()));
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Sends_every_log_group_of_a_service_that_knows_a_forwarder_to_it(string template, string options)
    {
        var stack = await StackOfAsync(template, options);
        if (stack.Service.Template.Options.All(option => option.Name != "forwarderArn"))
            return;

        var filters = stack.OfType("AWS::Logs::SubscriptionFilter").ToList();

        Assert.All(stack.OfType("AWS::Logs::LogGroup"), group => Assert.Single(filters, filter =>
            filter.Properties["LogGroupName"]!.ToJsonString().Contains((string)group.Properties["LogGroupName"]!, StringComparison.Ordinal)
            || filter.Properties["LogGroupName"]!.ToJsonString().Contains($"\"{group.Name}\"", StringComparison.Ordinal)));
        Assert.Equal("{{resolve:ssm:/acme/dev/log-forwarder/arn}}", Assert.Single(filters.Select(filter => (string?)filter.Properties["DestinationArn"]).Distinct()));
        Assert.DoesNotContain(stack.OfType("AWS::Lambda::Permission"), permission => ((string?)permission.Properties["Principal"])?.StartsWith("logs.", StringComparison.Ordinal) == true);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Tags_what_can_be_tagged(string template, string options)
    {
        var stack = await StackOfAsync(template, options);
        string[] tagged = ["AWS::Lambda::Function", "AWS::IAM::Role", "AWS::SNS::Topic", "AWS::SSM::Parameter", "AWS::DynamoDB::Table", "AWS::Cognito::UserPool"];

        // The framework makes its own bucket.
        foreach (var (name, resource) in stack.Resources.Where(resource =>
            tagged.Contains((string?)resource.Resource["Type"]) || ((string?)resource.Resource["Type"] == "AWS::S3::Bucket" && resource.Name != "ServerlessDeploymentBucket")))
        {
            var tags = TagsOf(resource["Properties"]?["Tags"] ?? resource["Properties"]?["UserPoolTags"]);
            Assert.True(tags is { Count: 3 } && tags["appName"] == "acme" && tags["stage"] == "dev" && tags["owner"] == "unknown", $"{name} ({resource["Type"]}) has the tags {string.Join(", ", tags)}");
        }
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Publishes_under_the_name_of_the_venture_and_the_stage(string template, string options)
    {
        var stack = await StackOfAsync(template, options);

        Assert.All(stack.OfType("AWS::SSM::Parameter"), parameter =>
        {
            Assert.Matches("^/acme/dev/[a-z-]+/[a-z-]+$", (string)parameter.Properties["Name"]!);
            Assert.Equal("String", (string?)parameter.Properties["Type"]);
        });
    }

    private static Task<Stack> StackOfAsync(string template, string options) => Stack.ShareAsync(Template.Named(template), Options.Parse(options));

    private static async Task<JsonObject> CheckAgainstSchemaAsync()
    {
        var stacks = new List<string>();
        foreach (var template in Template.Services)
            foreach (var options in Options.Pairs(template))
                stacks.Add((await Stack.ShareAsync(template, options)).Path);
        return await CloudFormationSchema.CheckAsync([.. stacks]);
    }

    private static Dictionary<string, string> TagsOf(JsonNode? tags) => tags switch
    {
        JsonArray list => list.ToDictionary(tag => (string)tag!["Key"]!, tag => (string)tag!["Value"]!),
        JsonObject map => map.ToDictionary(tag => tag.Key, tag => (string)tag.Value!),
        _ => [],
    };

    // The logical ids around the first cycle found, or none.
    private static List<string> Cycle(Stack stack)
    {
        var needs = stack.Resources.ToDictionary(resource => resource.Name, resource => Needs(resource.Resource).Distinct().ToList());
        var done = new HashSet<string>();
        foreach (var name in needs.Keys)
            if (Walk(name, []) is { Count: > 0 } cycle)
                return cycle;
        return [];

        List<string> Walk(string name, List<string> way)
        {
            if (way.Contains(name))
                return [.. way.SkipWhile(step => step != name), name];
            if (done.Contains(name))
                return [];
            foreach (var other in needs[name].Where(needs.ContainsKey))
                if (Walk(other, [.. way, name]) is { Count: > 0 } cycle)
                    return cycle;
            done.Add(name);
            return [];
        }
    }

    private static IEnumerable<string> Needs(JsonObject resource) =>
        Stack.Texts(resource["DependsOn"]).Concat(Stack.Objects(resource).SelectMany(node => node switch
        {
            _ when node["Ref"] is JsonValue reference => [reference.ToString()],
            _ when node["Fn::GetAtt"] is JsonArray attribute => [(string)attribute[0]!],
            _ when node["Fn::GetAtt"] is JsonValue attribute => [attribute.ToString().Split('.')[0]],
            _ when node["Fn::Sub"] is { } substitution => Placeholder().Matches(Stack.Texts(substitution).First()).Select(name => name.Groups[1].Value.Split('.')[0]),
            _ => Enumerable.Empty<string>(),
        }));

    [GeneratedRegex(@"\$\{([^!}][^}]*)\}")]
    private static partial Regex Placeholder();
}
