using System.Text.Json;
using Xunit;

namespace Serverless.Templates.Tests;

public sealed class RefusedNameTests
{
    // As JSON, so that a test's own name stays readable whatever the name is.
    public static TheoryData<string> Refused => [.. Names.Refused.Select(refused => JsonSerializer.Serialize(refused.Name))];

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
            var build = await Command.Dotnet(service.Folder, "build", "-nologo", "-nodeReuse:false", "-maxcpucount:1");
            said += build.Output;
            exitCode = build.ExitCode;
        }

        Assert.NotEqual(0, exitCode);
        Assert.Matches(refused.Sentence, said);
    }
}
