using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Xunit;
using Xunit.Sdk;

namespace Serverless.Templates.Tests;

/// <summary>
/// What is added to a service by a template that makes none of its own: every pair of its options, and names that are odd or taken,
/// all in one service of each kind that has a place for it.
/// </summary>
[TakesLong(5)]
public sealed class AddedFunctionTests
{
    private static readonly string[] OddNames = ["refund status", "1st", "class", "Access", "my-odd.name", "Größe", "a&b", "Program", "Task", "Add", "Handle", "LoadTests", "order-status"];

    private static readonly ConcurrentDictionary<(string, string), Lazy<Task<Extended>>> Services = new();

    public static TheoryData<string, string> ItemsAndServices
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var item in Template.All.Where(template => !template.IsService && !template.IsVenture))
                foreach (var service in Template.Services.Where(HasPlaceForFunctions))
                    rows.Add(item.ShortName, service.ShortName);
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(ItemsAndServices))]
    public async Task Builds_without_a_warning(string item, string service)
    {
        var extended = await ExtendAsync(item, service);

        Faults.None(extended.Build.Faults(extended.Service));
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(ItemsAndServices))]
    public async Task Passes_the_services_tests_and_its_own(string item, string service)
    {
        var extended = await ExtendAsync(item, service);
        await extended.Stack.Value;

        // The routes are not in openapi.json yet: the test says so, and names the command that writes them.
        var stale = await extended.Service.RunTestsAsync(extended.Service.TestProject, ["-class *OpenApiTests"]);
        Assert.NotEqual(0, stale.ExitCode);
        Assert.Contains("To write it anew: dotnet test -e UPDATE_OPENAPI=true --filter OpenApi", stale.Output, StringComparison.Ordinal);
        await extended.Service.PassTestsAsync(extended.Service.TestProject, ["-class *OpenApiTests"], new Dictionary<string, string?> { ["UPDATE_OPENAPI"] = "true" });
        var document = extended.Service.PathOf("openapi.json");
        Faults.None((await OpenApiTests.LintAsync(document))[document]!.AsArray().Select(fault => (string)fault!));

        // BuildTests runs the service's other tests.
        await extended.Service.PassTestsAsync(extended.Service.TestProject, ["-class Handlers.*", "-class *StackTests", "-class *ResourcesTests", "-class *DeploymentTests", "-class *OpenApiTests"]);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(ItemsAndServices))]
    public async Task Is_deployed_by_being_there(string item, string service)
    {
        var extended = await ExtendAsync(item, service);
        var stack = await extended.Stack.Value;
        var before = await Stack.ShareAsync(extended.Service.Template, Options.Pairs(extended.Service.Template)[0]);

        var routes = stack.OfType("AWS::ApiGatewayV2::Route").ToDictionary(route => (string)route.Properties["RouteKey"]!, route => route.Properties);

        Faults.None((await CloudFormationSchema.CheckAsync(stack.Path))[stack.Path]!.AsArray().Select(fault => (string)fault!));
        Assert.Equal(before.OfType("AWS::Lambda::Function").Count() + extended.Added.Count, stack.OfType("AWS::Lambda::Function").Count());
        Assert.All(extended.Added, function =>
        {
            var route = routes[$"{function["method"]} {function["path"]}"];
            var expected = (string)function["access"]! switch { "anyone" => ["NONE"], "iam" => ["AWS_IAM"], _ => new[] { "CUSTOM", "JWT" } };
            Assert.Contains((string?)route["AuthorizationType"] ?? "NONE", expected);
            Assert.Single(stack.OfType("AWS::Lambda::Function"), deployed => ((string)deployed.Properties["FunctionName"]!).EndsWith($"-dev-{function["name"]}", StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task Stops_the_build_of_a_service_that_has_no_API()
    {
        var service = await GeneratedService.CreateAsync(Template.Named("sls-function"), GeneratedService.UsualName, Options.Parse("--trigger sqs"));
        (await TemplateHive.NewAsync(service.Folder, ["sls-handler", "-n", "Refunds", "--no-update-check"])).Succeeded();

        var build = await Command.Dotnet(service.Folder, "build", service.Project, "-nologo", "-nodeReuse:false");

        Assert.NotEqual(0, build.ExitCode);
        Assert.Contains("This service has no HTTP API, so the functions under handlers/ would be neither built nor deployed.", build.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_where_it_belongs_and_promises_nothing_of_a_folder_without_a_service()
    {
        var said = (await TemplateHive.NewAsync(TestRun.NewFolder("handlers"), ["sls-handler", "-n", "Refunds", "--no-update-check"])).Succeeded().Output;

        Assert.Contains("made by sls-auth or by sls-function --trigger http, in the folder that holds its serverless.yml", said, StringComparison.Ordinal);
        Assert.Contains("If this is another folder, move handlers/ there.", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Nothing has to be edited", said, StringComparison.OrdinalIgnoreCase);
    }

    [FactThatNeeds("node", "npm")]
    public async Task Is_not_packaged_behind_an_identity_pool_that_is_not_there()
    {
        var service = await GeneratedService.CreateAsync(Template.Named("sls-auth"), GeneratedService.UsualName, Options.Parse("--identityPool false"));
        (await TemplateHive.NewAsync(service.Folder, ["sls-handler", "-n", "Refunds", "--access", "iam", "--no-update-check"])).Succeeded();
        Stack.WriteZip(service);

        var refusal = await Assert.ThrowsAsync<XunitException>(() => Stack.CompileAsync(service));

        Assert.Contains("handlers/Refunds/function.json", refusal.Message, StringComparison.Ordinal);
    }

    private static bool HasPlaceForFunctions(Template template) =>
        template.Json["sources"]!.AsArray().Any(source => (string)source!["source"]! == "../shared/handlers/");

    private static Task<Extended> ExtendAsync(string item, string service) =>
        Services.GetOrAdd((item, service), _ => new(async () =>
        {
            var template = Template.Named(item);
            var host = await GeneratedService.CreateAsync(Template.Named(service), GeneratedService.UsualName, Options.Defaults);
            foreach (var (i, options) in Options.Pairs(template).Index())
                (await TemplateHive.NewAsync(host.Folder, [item, "-n", $"Added{i}", .. options.Arguments, "--no-update-check"])).Succeeded();
            foreach (var name in OddNames)
                (await TemplateHive.NewAsync(host.Folder, [item, "-n", name, "--no-update-check"])).Succeeded();

            var added = Directory.GetFiles(host.PathOf("handlers"), "function.json", SearchOption.AllDirectories).Select(path => JsonNode.Parse(File.ReadAllText(path))!).ToList();
            Assert.Equal(Options.Pairs(template).Count + OddNames.Length, added.Count);
            Stack.WriteZip(host);
            return new Extended(host, await Build.RunAsync([host]), added, new(() => Stack.CompileAsync(host)));
        })).Value;

    private sealed record Extended(GeneratedService Service, Build Build, IReadOnlyList<JsonNode> Added, Lazy<Task<Stack>> Stack);
}
