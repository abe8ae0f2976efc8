using Xunit;

namespace Serverless.Templates.Tests;

/// <summary><c>--kubernetes true</c>: refused at once and by the build where nothing could run on Kubernetes, and possible in every venture.</summary>
public sealed class KubernetesOptionTests
{
    private static readonly Template Function = Template.Named("sls-function");

    public static TheoryData<string> OtherTriggers => [.. Function.Options.Single(option => option.Name == "trigger").Choices.Where(trigger => trigger != "http")];

    [Theory]
    [MemberData(nameof(OtherTriggers))]
    public async Task Is_refused_for_a_trigger_that_has_no_host(string trigger)
    {
        var parent = TestRun.NewFolder("services");
        var options = new Options(new Dictionary<string, string> { ["kubernetes"] = "true", ["trigger"] = trigger });
        var command = (await GeneratedService.CommandAsync(Function, GeneratedService.UsualName, options, parent)).Succeeded();
        var service = GeneratedService.Read(Function, GeneratedService.UsualName, options, parent);

        var build = await BuildAsync(service.Folder, service.Project);

        Assert.Contains("--kubernetes is true, but --trigger is not http, and the service will not build", command.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, build.ExitCode);
        Assert.Contains($"--kubernetes is true with --trigger {trigger}; expected --trigger http", build.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asks_nothing_of_the_rest_of_a_venture_that_any_venture_would_not_have()
    {
        var with = await GeneratedService.ShareAsync(Template.Named("sls-venture"), Options.Parse("--kubernetes true"));
        var without = await GeneratedService.ShareAsync(Template.Named("sls-venture"), Options.Defaults);

        // So a service with the option can join a venture that was made without it.
        Assert.All(with.Files.Where(file => file.StartsWith("shared/", StringComparison.Ordinal) || file.StartsWith("Directory.Build.", StringComparison.Ordinal)), file => Assert.Equal(without.Read(file), with.Read(file)));
    }

    // The checks come before anything is compiled.
    private static Task<Command> BuildAsync(string folder, string project) =>
        Command.Dotnet(folder, "msbuild", project, "-t:PrepareForBuild", "-nologo", "-nodeReuse:false");
}
