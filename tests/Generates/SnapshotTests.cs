using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.TemplateEngine.Authoring.TemplateVerifier;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>
/// The default output of every template, file by file: either the text of its source with the name put in, or, where the engine does
/// more than that, the text of its snapshot.
/// </summary>
public sealed class SnapshotTests
{
    public static TheoryData<string> ShortNames => [.. Template.All.Select(template => template.ShortName)];

    private static bool Accepts => Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") is { Length: > 0 };

    [Theory]
    [MemberData(nameof(ShortNames))]
    public Task Default_output(string shortName) => TemplateHive.UseAsync(async engine =>
    {
        var parent = TestRun.NewFolder("snapshots");
        // For a template that adds its projects to the solution it finds; to find none is told on standard error.
        await File.WriteAllTextAsync(Path.Combine(parent, "Repository.slnx"), "<Solution />");
        // As the verifier calls it.
        var service = await GeneratedService.CreateAsync(Template.Named(shortName), shortName, Options.Defaults, $"--output={shortName}");
        var copied = SourceFiles.Copied(service).Select(file => Path.GetRelativePath(service.CreatedIn, service.PathOf(file)).Replace('\\', '/')).ToList();
        var options = new TemplateVerifierOptions(shortName)
        {
            SettingsDirectory = engine.Hive,
            OutputDirectory = Path.Combine(parent, shortName),
            DisableDiffTool = true,
            // A snapshot of what stands in templates/ already would have to be read and accepted a second time.
            // VentureTests holds the services of a venture equal to those made on their own.
            VerificationExcludePatterns = [.. copied, .. service.Files.Where(file => service.Template.IsVenture && IsOfService(service, file)).Select(file => $"{shortName}/{file}")],
        };
        var verify = () => new VerificationEngine(NullLogger.Instance).Execute(options, callerMethod: nameof(Default_output));
        if (Accepts)
            await AcceptAsync(shortName, verify);
        else
            await verify();
        return copied;
    });

    [Fact]
    public void Has_no_snapshot_of_a_template_that_is_gone()
    {
        var snapshots = Directory.GetDirectories(Repository.PathOf("tests", "Generates", "Snapshots"), "*.verified").Select(Path.GetFileName);

        Assert.Equal(Template.All.Select(template => SnapshotOf(template.ShortName) + ".verified").Order(StringComparer.Ordinal), snapshots.Order(StringComparer.Ordinal));
    }

    private static bool IsOfService(GeneratedService venture, string file) => venture.Files.Contains($"{file.Split('/')[0]}/serverless.yml");

    private static string SnapshotOf(string shortName) => $"{nameof(Default_output)}.{shortName}._";

    // Against no snapshot at all, so that the files which are gone go from it too: the verifier then puts each one into .received.
    private static async Task AcceptAsync(string shortName, Func<Task> verify)
    {
        var snapshot = Repository.PathOf("tests", "Generates", "Snapshots", SnapshotOf(shortName));
        if (Directory.Exists(snapshot + ".verified"))
            Directory.Delete(snapshot + ".verified", recursive: true);
        var refusal = await Assert.ThrowsAsync<TemplateVerificationException>(verify);
        Assert.Equal(TemplateVerificationErrorCode.VerificationFailed, refusal.TemplateVerificationErrorCode);
        if (Directory.Exists(snapshot + ".verified"))
            Directory.Delete(snapshot + ".verified", recursive: true);
        Directory.Move(snapshot + ".received", snapshot + ".verified");
    }
}
