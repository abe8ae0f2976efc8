using Xunit;

namespace Serverless.Templates.Tests;

/// <summary><c>--grpc true</c>: refused at once, and by the build, where no host could serve gRPC.</summary>
public sealed class GrpcOptionTests
{
    private static readonly Template Function = Template.Named("sls-function");

    [Fact]
    public async Task Is_refused_for_a_trigger_that_has_no_host()
    {
        var parent = TestRun.NewFolder("services");
        var options = new Options(new Dictionary<string, string> { ["grpc"] = "true", ["trigger"] = "schedule" });
        var command = (await GeneratedService.CommandAsync(Function, GeneratedService.UsualName, options, parent)).Succeeded();
        var service = GeneratedService.Read(Function, GeneratedService.UsualName, options, parent);

        // The check comes before anything is compiled.
        var build = await Command.Dotnet(service.Folder, "msbuild", service.Project, "-t:PrepareForBuild", "-nologo", "-nodeReuse:false");

        Assert.Contains("--grpc is true, but --trigger is not http, and the service will not build", command.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, build.ExitCode);
        Assert.Contains("--grpc is true with --trigger schedule; expected --trigger http", build.Output, StringComparison.Ordinal);
    }
}
