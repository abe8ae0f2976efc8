using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>openapi.json of every service with an HTTP API, as it is generated. That it is what the code does is tested by the service itself.</summary>
public sealed class OpenApiTests
{
    private static readonly Lazy<Task<JsonObject>> Linted = new(LintAsync);

    private static readonly JsonSerializerOptions AsWritten = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string, string> Apis
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var (template, options) in All)
                rows.Add(template.ShortName, options.ToString());
            return rows;
        }
    }

    private static IEnumerable<(Template Template, Options Options)> All =>
        Template.Services.SelectMany(template => Options.Pairs(template).Select(options => (template, options)))
            .Where(service => service.template.ShortName == "sls-auth" || (service.template.ShortName == "sls-function" && service.options[service.template, "trigger"] == "http"));

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Apis))]
    public async Task Has_the_routes_of_the_compiled_api_each_with_its_guard(string template, string options)
    {
        var stack = await Stack.ShareAsync(Template.Named(template), Options.Parse(options));
        var document = JsonNode.Parse(stack.Service.Read("openapi.json"))!;

        var deployed = stack.OfType("AWS::ApiGatewayV2::Route").Select(route => ((string)route.Properties["RouteKey"]!, (string?)route.Properties["AuthorizationType"] switch
        {
            "AWS_IAM" => """[{"iam":[]}]""",
            "CUSTOM" or "JWT" => """[{"token":[]}]""",
            _ => "[]",
        }));
        var described = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => ($"{operation.Key.ToUpperInvariant()} {path.Key}", operation.Value!["security"]!.ToJsonString())));

        Assert.Equal(deployed.Order(), described.Order());
    }

    [Theory]
    [MemberData(nameof(Apis))]
    public async Task Is_in_the_form_in_which_the_service_writes_it_anew(string template, string options)
    {
        var service = await GeneratedService.ShareAsync(Template.Named(template), Options.Parse(options));

        var text = service.Read("openapi.json");

        Assert.Equal($"{JsonNode.Parse(text)!.ToJsonString(AsWritten)}\n", text);
        Assert.DoesNotMatch("\"summary\": \"(GET|POST|PUT|DELETE) /", text);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Apis))]
    public async Task Passes_the_linter(string template, string options)
    {
        var service = await GeneratedService.ShareAsync(Template.Named(template), Options.Parse(options));

        Faults.None((await Linted.Value)[service.PathOf("openapi.json")]!.AsArray().Select(fault => (string)fault!));
    }

    [FactThatNeeds("node", "npm")]
    public async Task Is_linted_by_a_linter_that_finds_faults()
    {
        var file = Path.Combine(TestRun.NewFolder("openapi"), "openapi.json");
        await File.WriteAllTextAsync(file, """{"openapi":"3.1.0","info":{"title":"x","version":"1"},"servers":[{"url":"/"}],"paths":{"/a/{id}":{"get":{"summary":"x","operationId":"x","security":[{"none":[]}],"responses":{"200":{"description":"x"},"400":{"$ref":"#/nowhere"}}}}}}""");

        var faults = (await LintAsync(file))[file]!.AsArray().Select(fault => ((string)fault!).Split(':')[0]).ToHashSet();

        Assert.Superset(new HashSet<string> { "no-unresolved-refs", "path-parameters-defined", "security-defined" }, faults);
    }

    /// <summary>What the linter finds in documents, by their paths.</summary>
    internal static async Task<JsonObject> LintAsync(params string[] files)
    {
        var script = Repository.PathOf("tests", "node", "lint-openapi.mjs");
        return JsonNode.Parse((await Command.Run(Command.PathOf("node"), [script, .. files], await NodeModules.Folder)).Succeeded().Output)!.AsObject();
    }

    private static async Task<JsonObject> LintAsync()
    {
        var services = await Task.WhenAll(All.Select(service => GeneratedService.ShareAsync(service.Template, service.Options)));
        return await LintAsync([.. services.Select(service => service.PathOf("openapi.json"))]);
    }
}
