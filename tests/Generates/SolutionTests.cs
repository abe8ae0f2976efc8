using System.Xml.Linq;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>Where a service is created, and which solution its projects are in.</summary>
public sealed class SolutionTests
{
    public static TheoryData<string> ShortNames => [.. Template.Services.Where(template => template.Options.Any(option => option.Name == "solution")).Select(template => template.ShortName)];

    [Theory]
    [MemberData(nameof(ShortNames))]
    public async Task Is_created_in_the_folder_that_is_named_without_a_word_of_failure(string shortName)
    {
        var parent = TestRun.NewFolder("solutions");

        var command = await NewAsync(parent, shortName, "-n", "Acme.Example", "-o", "here");

        Assert.DoesNotContain("Post action failed", command.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unable to", command.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(parent, "here", "serverless.yml")));
        Assert.True(File.Exists(Path.Combine(parent, "here", "Acme.Example.slnx")));
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public async Task Joins_the_nearest_solution_when_it_is_told_to(string shortName)
    {
        var parent = TestRun.NewFolder("solutions");
        await File.WriteAllTextAsync(Path.Combine(parent, "Repository.slnx"), "<Solution />");

        await NewAsync(parent, shortName, "-n", "Acme.Example", "-o", "services/here", "--solution", "join");

        AssertListed(parent, shared: "services/here/shared");
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public async Task Joins_the_solution_of_its_venture(string shortName)
    {
        var parent = TestRun.NewFolder("solutions");
        await File.WriteAllTextAsync(Path.Combine(parent, "Acme.slnx"), "<Solution />");

        await NewAsync(parent, shortName, "-n", "Acme.Example", "-o", "services/here", "--venture", "true");

        AssertListed(parent, shared: null);
    }

    private static async Task<Command> NewAsync(string folder, params string[] arguments) =>
        (await TemplateHive.NewAsync(folder, [.. arguments, "--no-update-check"])).Succeeded();

    private static void AssertListed(string parent, string? shared)
    {
        var projects = Directory.GetFiles(Path.Combine(parent, "services"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(parent, path).Replace('\\', '/'))
            .Where(path => shared is null || !path.StartsWith(shared, StringComparison.Ordinal)).ToHashSet();
        var listed = XDocument.Load(Directory.GetFiles(parent, "*.slnx").Single()).Descendants("Project").Select(project => project.Attribute("Path")!.Value.Replace('\\', '/')).ToHashSet();

        Assert.NotEmpty(projects);
        Assert.Superset(projects, listed);
        Assert.Empty(Directory.GetFiles(Path.Combine(parent, "services"), "*.slnx", SearchOption.AllDirectories));
    }
}
