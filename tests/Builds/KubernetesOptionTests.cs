using Xunit;

namespace Serverless.Templates.Tests;

/// <summary><c>--kubernetes true</c>: refused at once where it can be, and by the build, where nothing could run on Kubernetes.</summary>
public sealed class KubernetesOptionTests
{
    private static readonly Template Function = Template.Named("sls-function");

    public static TheoryData<string> OtherTriggers => [.. Function.Options.Single(option => option.Name == "trigger").Choices.Except(["http", "schedule", "sqs"])];

    [Theory]
    [MemberData(nameof(OtherTriggers))]
    public async Task Is_refused_for_a_trigger_that_cannot_run_there(string trigger)
    {
        var parent = TestRun.NewFolder("services");
        var options = new Options(new Dictionary<string, string> { ["kubernetes"] = "true", ["trigger"] = trigger });
        var command = (await GeneratedService.CommandAsync(Function, GeneratedService.UsualName, options, parent)).Succeeded();
        var service = GeneratedService.Read(Function, GeneratedService.UsualName, options, parent);

        var build = await BuildAsync(service.Folder, service.Project);

        Assert.Contains("--kubernetes is true with a --trigger that cannot run on Kubernetes, and the service will not build. Expected --trigger http, schedule or sqs.", command.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, build.ExitCode);
        Assert.Contains($"--kubernetes is true with --trigger {trigger}, which cannot run on Kubernetes; expected --trigger http, schedule or sqs.", build.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sls-auth")]
    [InlineData("sls-function")]
    [InlineData("sls-function --trigger sqs")]
    public async Task Is_refused_in_a_venture_without_it(string command)
    {
        var venture = await GeneratedService.CreateAsync(Template.Named("sls-venture"), "Acme", Options.Defaults);
        (await TemplateHive.NewAsync(venture.Folder, [.. command.Split(' '), "-n", "Acme.Refunds", "-o", "refunds", "--venture", "true", "--kubernetes", "true", "--no-update-check"])).Succeeded();

        var build = await BuildAsync(venture.Folder, venture.PathOf("refunds/src/Acme.Refunds.Host/Acme.Refunds.Host.csproj"));

        Assert.NotEqual(0, build.ExitCode);
        Assert.Contains("shared/kubernetes is missing: the service was created with --kubernetes true in a venture that was not.", build.Output, StringComparison.Ordinal);
    }

    // The checks come before anything is compiled.
    private static Task<Command> BuildAsync(string folder, string project) =>
        Command.Dotnet(folder, "msbuild", project, "-t:PrepareForBuild", "-nologo", "-nodeReuse:false");
}
