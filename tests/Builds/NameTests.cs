using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;
using Xunit.Sdk;
using YamlDotNet.RepresentationModel;

namespace Serverless.Templates.Tests;

[TakesLong(6)]
public sealed partial class NameTests(NameTests.NamedServices services) : IClassFixture<NameTests.NamedServices>
{
    // As JSON, so that a test's own name stays readable whatever the name is.
    public static TheoryData<string, string> ThatBuild
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var (template, _, name) in Names.ThatBuild)
                rows.Add(template.ShortName, JsonSerializer.Serialize(name));
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(ThatBuild))]
    public void Builds_without_a_warning(string template, string name) =>
        Faults.None(services.BuildFaults(template, Parse(name)));

    [Theory]
    [MemberData(nameof(ThatBuild))]
    public void Leaves_no_token_and_parses(string template, string name) =>
        Faults.None(OutputChecks.Faults(services.Of(template, Parse(name))));

    [Theory]
    [MemberData(nameof(ThatBuild))]
    public void Makes_a_service_name_that_every_function_of_it_can_bear(string template, string name)
    {
        var service = services.Of(template, Parse(name));
        var serverless = (YamlMappingNode)OutputChecks.ReadYaml(service.Read("serverless.yml"));

        var serviceName = ((YamlScalarNode)serverless["service"]).Value!;
        var longestStage = new string('s', 14);
        // Either one map, or a list of them to which what is added to the service is appended.
        var maps = serverless["functions"] is YamlSequenceNode list ? list.OfType<YamlMappingNode>() : [(YamlMappingNode)serverless["functions"]];
        var functions = maps.SelectMany(map => map.Children.Keys).Select(function => $"{serviceName}-{longestStage}-{function}").ToList();

        Assert.Matches("^[a-z]([a-z0-9-]*[a-z0-9])$", serviceName);
        Assert.InRange(serviceName.Length, 2, 32);
        Assert.NotEmpty(functions);
        Assert.All(functions, function => Assert.InRange(function.Length, 1, 64));
        using var package = JsonDocument.Parse(service.Read("package.json"));
        Assert.Equal(serviceName, package.RootElement.GetProperty("name").GetString());
    }

    [Theory]
    [MemberData(nameof(ThatBuild))]
    public void Names_the_venture_by_a_DNS_label(string template, string name)
    {
        var serverless = (YamlMappingNode)OutputChecks.ReadYaml(services.Of(template, Parse(name)).Read("serverless.yml"));

        var appName = ((YamlScalarNode)serverless["provider"]["tags"]["appName"]).Value!;

        Assert.Matches("^(?!aws|ssm)[a-z]([a-z0-9-]*[a-z0-9])$", appName);
        Assert.InRange(appName.Length, 2, 32);
    }

    private static string Parse(string name) => JsonSerializer.Deserialize<string>(name)!;

    /// <summary>A service of each name, generated and built.</summary>
    public sealed partial class NamedServices : IAsyncLifetime
    {
        private readonly Dictionary<(string, string), GeneratedService> services = [];
        private readonly Dictionary<(string, string), Exception> failures = [];
        private readonly Dictionary<string, GeneratedService> built = [];
        private Build build = null!;

        public GeneratedService Of(string template, string name) =>
            services.TryGetValue((template, name), out var service) ? service : throw new InvalidOperationException("It was not generated.", failures[(template, name)]);

        public IEnumerable<string> BuildFaults(string template, string name) => build.Faults(built[KeyOf(Of(template, name))]);

        public async Task InitializeAsync()
        {
            var started = DateTime.UtcNow;
            await Parallel.ForEachAsync(Names.ThatBuild, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, async (row, _) =>
            {
                try
                {
                    // In a folder with a plain name: one that MSBuild cannot read would fail the restore of them all.
                    var service = await GeneratedService.CreateAsync(row.Template, row.Name, row.Options, "--output=service");
                    lock (services)
                        services.Add((row.Template.ShortName, row.Name), service);
                }
                catch (XunitException e)
                {
                    // Only the tests of this name are to fail.
                    lock (failures)
                        failures.Add((row.Template.ShortName, row.Name), e);
                }
            });
            // Two names can come to the same service; built once, it is built for both.
            foreach (var service in services.Values)
                built.TryAdd(KeyOf(service), service);
            var generated = DateTime.UtcNow;
            // The analyzers look at the same code under every name; BuildTests has them look at it once.
            build = await Build.RunAsync(built.Values, "RunAnalyzers=false", "SatelliteResourceLanguages=en");
            TestRun.Say($"Names: {services.Count} services generated in {(generated - started).TotalSeconds:0} s, {built.Count} different ones built in {(DateTime.UtcNow - generated).TotalSeconds:0} s.");
        }

        public Task DisposeAsync() => Task.CompletedTask;

        private static string KeyOf(GeneratedService service) => service.Template + service.Fingerprint(GeneratedService.IsSource);
    }
}
