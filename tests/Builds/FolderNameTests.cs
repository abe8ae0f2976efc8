using System.Text.Json;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The names of folders: those that a service is built in, and those in which it cannot be.</summary>
[TakesLong(2)]
public sealed class FolderNameTests
{
    // As JSON, so that a test's own name stays readable whatever the name is.
    public static TheoryData<string> Folders => [.. Names.Folders.Select(name => JsonSerializer.Serialize(name))];

    public static TheoryData<string> Refused => [.. Names.Refused.Select(refused => JsonSerializer.Serialize(refused.Name))];

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Builds_without_a_warning(string folder)
    {
        var service = await GeneratedService.CreateAsync(Names.Example, GeneratedService.UsualName, Names.ExampleOptions, $"--output={JsonSerializer.Deserialize<string>(folder)}");

        (await BuildAsync(service, "-warnaserror", "-warnnotaserror:NU1603", "-p:RunAnalyzers=false")).Succeeded();

        Assert.All(service.Projects, project => Assert.True(Build.HasBuilt(project), project));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Refuses_a_name_that_cannot_be_built_and_says_why(string name)
    {
        var refused = Names.Refused.Single(candidate => candidate.Name == JsonSerializer.Deserialize<string>(name)!);
        var parent = TestRun.NewFolder("refused");

        var creation = await GeneratedService.CommandAsync(Names.Example, refused.Name, Options.Defaults, parent);
        var said = creation.Output;
        var exitCode = creation.ExitCode;
        if (exitCode == 0)
        {
            var service = GeneratedService.Read(Names.Example, refused.Name, Options.Defaults, parent);
            var build = await BuildAsync(service);
            said += build.Output;
            exitCode = build.ExitCode;
        }

        Assert.NotEqual(0, exitCode);
        Assert.Matches(refused.Sentence, said);
    }

    private static Task<Command> BuildAsync(GeneratedService service, params string[] arguments) =>
        Command.Dotnet(service.Folder, ["build", "-nologo", "-nodeReuse:false", "-maxcpucount:1", .. arguments]);
}
