using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>Most tests generate in a process that runs many commands. It must do what a process of its own does, as a user starts one.</summary>
[TakesLong(2)]
public sealed class TemplateEngineTests
{
    public static TheoryData<string, string> Commands
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var template in Template.All)
            {
                rows.Add(template.ShortName, "");
                rows.Add(template.ShortName, "--no-such-option value");
                rows.Add(template.ShortName, $"--{template.Options.First(option => option.Choices.Count > 1).Name} no-such-value");
            }
            foreach (var template in Template.Services.Where(template => template.Options.Any(option => option.Name == "forwarderArn")))
                rows.Add(template.ShortName, "--forwarderArn nonsense");
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public Task Does_what_a_process_of_its_own_does(string template, string options) => TemplateHive.UseAsync(async engine =>
    {
        var (ownFolder, own) = await RunAsync(engine.NewInProcessOfItsOwnAsync);
        // Twice: what the first run leaves in the process must not reach the second.
        await RunAsync(engine.NewAsync);
        var (folder, shared) = await RunAsync(engine.NewAsync);

        Assert.Equal(own.ExitCode, shared.ExitCode);
        Assert.Equal(LinesOf(own, ownFolder), LinesOf(shared, folder));
        Assert.Equal(FilesOf(ownFolder).Keys, FilesOf(folder).Keys);
        Assert.All(FilesOf(ownFolder), file => Assert.Equal(File.ReadAllBytes(file.Value), File.ReadAllBytes(FilesOf(folder)[file.Key])));
        return true;

        async Task<(string Folder, Command Command)> RunAsync(Func<string, IEnumerable<string>, Task<Command>> newAsync)
        {
            var parent = TestRun.NewFolder("engine");
            return (parent, await newAsync(parent, [template, "--name", "Acme.Example", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--no-update-check"]));
        }
    });

    // Two streams of one process come in any order.
    private static IEnumerable<string> LinesOf(Command command, string folder) =>
        command.Output.Replace(folder, "", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal);

    private static SortedDictionary<string, string> FilesOf(string folder) =>
        new(Directory.GetFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(path => Path.GetRelativePath(folder, path)), StringComparer.Ordinal);
}
