using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>Options that do not go together: refused at once where it can be, and by the build.</summary>
public sealed class RefusedOptionTests
{
    private static readonly Template Function = Template.Named("sls-function");

    /// <summary>An option of sls-function with a trigger that cannot have it, what is said at once, and what the build says.</summary>
    public static TheoryData<string, string, string, string> WithTriggers
    {
        get
        {
            var rows = new TheoryData<string, string, string, string>();
            var triggers = Function.Options.Single(option => option.Name == "trigger").Choices;
            foreach (var trigger in triggers.Except(["http", "schedule", "sqs"]))
                rows.Add(
                    "kubernetes",
                    trigger,
                    "--kubernetes is true with a --trigger that cannot run on Kubernetes, and the service will not build. Expected --trigger http, schedule or sqs.",
                    $"--kubernetes is true with --trigger {trigger}, which cannot run on Kubernetes; expected --trigger http, schedule or sqs.");
            foreach (var trigger in triggers.Except(["http"]))
                rows.Add(
                    "grpc",
                    trigger,
                    "--grpc is true, but --trigger is not http, and the service will not build",
                    $"--grpc is true with --trigger {trigger}; expected --trigger http");
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(WithTriggers))]
    public async Task Is_refused_with_a_trigger_that_cannot_have_it(string option, string trigger, string saidAtOnce, string saidByTheBuild)
    {
        var parent = TestRun.NewFolder("services");
        var options = new Options(new Dictionary<string, string> { [option] = "true", ["trigger"] = trigger });
        var command = (await GeneratedService.CommandAsync(Function, GeneratedService.UsualName, options, parent)).Succeeded();
        var service = GeneratedService.Read(Function, GeneratedService.UsualName, options, parent);

        var build = await BuildAsync(service.Folder, service.Project);

        Assert.Contains(saidAtOnce, command.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, build.ExitCode);
        Assert.Contains(saidByTheBuild, build.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sls-auth")]
    [InlineData("sls-function")]
    [InlineData("sls-function --trigger sqs")]
    public async Task Is_refused_in_a_venture_that_is_not_on_Kubernetes(string command)
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
