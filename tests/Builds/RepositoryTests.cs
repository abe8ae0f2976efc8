using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>A repository that begins with one service and grows: a second service, and a function in each.</summary>
[TakesLong(4)]
public sealed partial class RepositoryTests
{
    private const string Orders = "Acme.Orders";

    // A service whose name ends like that of a test project, in a repository with severities of its own.
    private static readonly Lazy<Task<(GeneratedService Service, Build Build)>> CalledTests = new(BuildCalledTestsAsync);

    [FactThatNeeds("node", "npm")]
    public async Task Takes_in_a_second_service_and_further_functions_and_still_builds_tests_and_packages()
    {
        var auth = await GeneratedService.CreateAsync(Template.Named("sls-auth"), GeneratedService.UsualName, Options.Defaults);
        await NewAsync(auth.Folder, "sls-function", "-n", Orders, "--solution", "join");
        await NewAsync(auth.Folder, "sls-handler", "-n", "Refunds");
        await NewAsync(auth.PathOf(Orders), "sls-handler", "-n", "Returns", "--method", "POST");

        var solution = XDocument.Load(auth.PathOf($"{GeneratedService.UsualName}.slnx"));
        var listed = solution.Descendants("Project").Select(project => project.Attribute("Path")!.Value.Replace('\\', '/')).ToList();
        Assert.Superset(new HashSet<string> { $"src/{GeneratedService.UsualName}/{GeneratedService.UsualName}.csproj", $"{Orders}/src/{Orders}/{Orders}.csproj", $"{Orders}/tests/{Orders}.Tests/{Orders}.Tests.csproj" }, listed.ToHashSet());
        Assert.Distinct(listed);

        var orders = GeneratedService.Read(Template.Named("sls-function"), Orders, Options.Defaults, auth.PathOf(Orders));
        // npm workspaces put every package at the root.
        await NodeModules.LinkAsync(auth);
        (await Command.Dotnet(auth.Folder, "test", "-nologo", "-warnaserror", "-warnnotaserror:NU1603", "-e", "UPDATE_OPENAPI=true", "--filter", "OpenApi")).Succeeded();
        var tests = (await Command.Dotnet(auth.Folder, "test", $"{GeneratedService.UsualName}.slnx", "--no-build", "-nologo")).Succeeded();

        // Of both services, and of what they share.
        Assert.Equal(3, tests.Output.Split('\n').Count(line => line.Contains("Passed!", StringComparison.Ordinal) && line.Contains("Skipped:     0", StringComparison.Ordinal)));
        Assert.Contains(await FunctionsAsync(auth), name => name.EndsWith("-dev-refunds", StringComparison.Ordinal));
        Assert.Contains(await FunctionsAsync(orders), name => name.EndsWith("-dev-returns", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Is_built_by_its_own_rules_below_those_of_the_repository_and_when_it_is_called_Tests()
    {
        var (service, build) = await CalledTests.Value;

        Faults.None(build.Faults(service));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("false", false)]
    [InlineData("true", true)]
    public async Task Skips_the_tests_that_need_osls_where_it_is_missing_and_fails_them_in_a_pipeline(string ci, bool fails)
    {
        var (service, _) = await CalledTests.Value;

        var run = await service.RunTestsAsync(service.TestProject, ["-class *StackTests", "-class *RefundsTests"], new Dictionary<string, string?> { ["CI"] = ci }, failsSkips: false);

        Assert.Equal(fails ? 1 : 0, run.ExitCode);
        var counts = Counts().Match(run.Output).Groups;
        var (total, failed, skipped) = (int.Parse(counts[1].Value, CultureInfo.InvariantCulture), int.Parse(counts[2].Value, CultureInfo.InvariantCulture), int.Parse(counts[3].Value, CultureInfo.InvariantCulture));
        Assert.Equal((2, 0), (total - failed - skipped, fails ? skipped : failed));
        Assert.Contains(fails ? "osls is not installed. Run npm install." : "[SKIP]", run.Output, StringComparison.Ordinal);
    }

    private static async Task<(GeneratedService Service, Build Build)> BuildCalledTestsAsync()
    {
        var parent = TestRun.NewFolder("services");
        await File.WriteAllTextAsync(Path.Combine(parent, ".globalconfig"), "is_global = true\ncsharp_style_var_elsewhere = false:error\ndotnet_diagnostic.IDE0008.severity = error\n");
        await GeneratedService.CommandAsync(Template.Named("sls-auth"), "Acme.Tests", Options.Defaults, parent);
        var service = GeneratedService.Read(Template.Named("sls-auth"), "Acme.Tests", Options.Defaults, parent);
        await NewAsync(service.Folder, "sls-handler", "-n", "Refunds");
        return (service, await Build.RunAsync([service]));
    }

    private static async Task NewAsync(string folder, params string[] arguments) =>
        (await TemplateHive.NewAsync(folder, [.. arguments, "--no-update-check"])).Succeeded();

    private static async Task<List<string>> FunctionsAsync(GeneratedService service)
    {
        Stack.WriteZip(service);
        return [.. (await Stack.CompileAsync(service)).OfType("AWS::Lambda::Function").Select(function => (string)function.Properties["FunctionName"]!)];
    }

    [GeneratedRegex(@"Total: (\d+), Errors: 0, Failed: (\d+), Skipped: (\d+),")]
    private static partial Regex Counts();
}
