using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>What a service's own plugin adds to the framework: osls itself runs, against an AWS on loopback.</summary>
[TakesLong(2)]
public sealed partial class DeploymentPluginTests
{
    public static TheoryData<string> Services => [.. Template.Services.Select(template => template.ShortName)];

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Services))]
    public async Task Refuses_a_package_that_was_built_for_another_stage_or_region(string template)
    {
        var service = await CreateAsync(template);
        (await Stack.RunOslsAsync(service, ["package", "--stage", "dev", "--package", "built"])).Succeeded();
        await using var aws = await FakeAws.StartAsync("{}");

        foreach (var (arguments, other) in new[] { (new[] { "--stage", "prod" }, "stage prod, ap-southeast-2"), (["--region", "eu-west-1"], "stage dev, eu-west-1") })
        {
            var deployment = await Stack.RunOslsAsync(service, ["deploy", "--package", "built", .. arguments], aws.Address);

            Assert.NotEqual(0, deployment.ExitCode);
            Assert.Contains("was built for acme-example, stage dev, ap-southeast-2; it cannot be deployed to acme-example, " + other, deployment.Output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(aws.Requests, request => request != "GetCallerIdentity");
    }

    [FactThatNeeds("node", "npm")]
    public async Task Deploys_a_package_of_this_stage_again_although_no_file_has_changed()
    {
        var service = await CreateAsync("sls-function");
        (await Stack.RunOslsAsync(service, ["package", "--package", "built"])).Succeeded();
        await using var aws = await FakeAws.StartAsync("{}");

        foreach (var times in new[] { 1, 2 })
        {
            (await Stack.RunOslsAsync(service, ["deploy", "--package", "built"], aws.Address)).Succeeded();

            Assert.Equal(times, aws.Requests.Count(request => request == "ExecuteChangeSet"));
        }
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Services))]
    public async Task Refuses_to_package_a_function_name_that_Lambda_does_not_take(string template)
    {
        var service = await CreateAsync(template);

        var package = await Stack.RunOslsAsync(service, ["package", "--stage", new string('s', 50)]);

        Assert.NotEqual(0, package.ExitCode);
        Assert.Matches("The function name \"acme-example-s+-\\w+\" has [78]\\d characters; Lambda allows 64\\. Shorten the stage", package.Output);
        (await Stack.RunOslsAsync(service, ["package", "--stage", new string('s', 14)])).Succeeded();
    }

    [TheoryThatNeeds("node", "npm")]
    [InlineData("delete", new[] { "failedevents", "uploadsbucket" })]
    [InlineData("keep", new string[0])]
    public async Task Removes_a_stack_with_the_buckets_that_it_does_not_keep(string data, string[] emptied)
    {
        var service = await CreateAsync("sls-function", "--trigger s3");
        var stack = await Stack.CompileAsync(service, "--stage", "pr-7", "--param", $"data={data}");
        await using var aws = await FakeAws.StartAsync(stack.Json.ToJsonString());
        foreach (var name in new[] { "uploadsbucket/orders/1.json", "failedevents/aws/lambda/async/1", "failedevents/aws/lambda/async/2" })
            aws.Objects[name] = new Dictionary<string, string>();

        // What was deployed decides, not what the command says.
        (await Stack.RunOslsAsync(service, ["remove", "--stage", "pr-7"], aws.Address)).Succeeded();

        Assert.Equal(emptied, aws.Requests.Where(request => request.StartsWith("EMPTY ", StringComparison.Ordinal)).Select(request => request[6..]).Order());
        Assert.Contains("DeleteStack", aws.Requests);
        Assert.Equal(data == "keep" ? 3 : 0, aws.Objects.Count);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Services))]
    public async Task Keeps_nothing_of_a_stage_whose_data_is_deleted_and_uses_what_another_stage_has(string template)
    {
        var service = await CreateAsync(template, template == "sls-function" ? "--trigger http" : "");

        // The one command that the README gives for it.
        var readme = service.Read("README.md");
        var arguments = DeployPreview().Match(readme).Groups[1].Value.Split(' ');

        var stack = await Stack.CompileAsync(service, arguments);

        Assert.Contains("\nnpm run remove -- --stage pr-7", readme, StringComparison.Ordinal);
        var text = stack.Json.ToJsonString();
        Assert.DoesNotContain("Retain", text, StringComparison.Ordinal);
        Assert.All(stack.OfType("AWS::Logs::SubscriptionFilter"), filter => Assert.Equal("{{resolve:ssm:/acme/dev/log-forwarder/arn}}", (string?)filter.Properties["DestinationArn"]));
        Assert.All(stack.Json["Parameters"]?.AsObject() ?? [], parameter => Assert.StartsWith("/acme/dev/auth/", (string?)parameter.Value!["Default"], StringComparison.Ordinal));
        // What it publishes itself has its own stage in the name.
        Assert.All(stack.OfType("AWS::SSM::Parameter"), parameter => Assert.StartsWith("/acme/pr-7/", (string?)parameter.Properties["Name"], StringComparison.Ordinal));
        if (template == "sls-forwarder")
            Assert.Contains(":parameter/acme/dev/log-forwarder/destination", text, StringComparison.Ordinal);
    }

    [FactThatNeeds("node", "npm")]
    public async Task Prepares_the_import_of_what_a_removed_stack_has_kept()
    {
        var service = await CreateAsync("sls-function", "--trigger s3");
        await Stack.CompileAsync(service);

        var refused = await ImportAsync("OrdersTabel=acme-orders");
        (await ImportAsync("OrdersTable=acme-orders", "UploadsBucket=acme-uploads")).Succeeded();

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("\"OrdersTabel=acme-orders\" cannot be imported. Expected OrdersTable=<TableName>, ", refused.Output, StringComparison.Ordinal);
        var template = JsonNode.Parse(service.Read(".serverless/import-template.json"))!;
        Assert.Equal(["OrdersTable", "UploadsBucket"], template["Resources"]!.AsObject().Select(resource => resource.Key));
        // CloudFormation imports only what has a deletion policy, and creates nothing else in the same operation.
        Assert.All(template["Resources"]!.AsObject(), resource => Assert.Equal("RetainExceptOnCreate", (string?)resource.Value!["DeletionPolicy"]));
        Assert.DoesNotContain(Stack.Objects(template), node => node.Any(member => member.Key is "Ref" or "DependsOn" || member.Key.StartsWith("Fn::", StringComparison.Ordinal)));
        Assert.Empty((await CloudFormationSchema.CheckAsync(service.PathOf(".serverless/import-template.json"))).Single().Value!.AsArray());
        Assert.Equal(
            """[{"TableName":"acme-orders"},{"BucketName":"acme-uploads"}]""",
            new JsonArray([.. JsonNode.Parse(service.Read(".serverless/import-resources.json"))!.AsArray().Select(resource => resource!["ResourceIdentifier"]!.DeepClone())]).ToJsonString());

        Task<Command> ImportAsync(params string[] arguments) => Command.Run(Command.PathOf("node"), ["shared/deployment/import.mjs", .. arguments], service.Folder);
    }

    private static async Task<GeneratedService> CreateAsync(string template, string options = "")
    {
        var service = await GeneratedService.CreateAsync(Template.Named(template), GeneratedService.UsualName, Options.Parse(options));
        Stack.WriteZip(service);
        return service;
    }

    // npm run deploy -- --stage pr-7 --param data=delete --param forwarderStage=dev
    [GeneratedRegex(@"(?m)^npm run deploy -- (--stage pr-7 .+?)\r?$")]
    private static partial Regex DeployPreview();
}
