using Xunit;
using YamlDotNet.RepresentationModel;

namespace Serverless.Templates.Tests;

/// <summary>The scripts of this repository's own workflows, run as the workflow runs them. Only GitHub is played.</summary>
public sealed class WorkflowRunTests
{
    private const string NewVenture = "new-venture.yml";

    private readonly string folder = TestRun.NewFolder("workflow-runs");

    private readonly Dictionary<string, string?> variables = new()
    {
        ["NAME"] = "Acme Shop",
        ["REPOSITORY"] = "acme/shop",
        ["OPTIONS"] = "",
        ["VERSION"] = "",
        ["GITHUB_ACTOR"] = "ada",
    };

    [TheoryThatNeeds("bash")]
    [InlineData("REPOSITORY", "shop", "repository \"shop\" is not a repository. Expected <owner>/<name>.")]
    [InlineData("REPOSITORY", "acme/shop; rm -rf /", "is not a repository. Expected <owner>/<name>.")]
    [InlineData("NAME", "", "name \"\" is not a name for a venture.")]
    [InlineData("NAME", "../Acme", "is not a name for a venture.")]
    [InlineData("NAME", "-Acme", "is not a name for a venture.")]
    [InlineData("NAME", "a\nb", "is not a name for a venture.")]
    [InlineData("VERSION", "latest", "version \"latest\" is not a version. Expected one such as 1.2.3, or nothing.")]
    [InlineData("OPTIONS", "--destination splunk", "options has \"--destination\". Expected --<option>=<value>, such as --destination=splunk.")]
    [InlineData("OPTIONS", "--owner=", "options has \"--owner=\".")]
    public async Task Refuses_an_input_of_a_new_venture_in_a_sentence(string input, string value, string sentence)
    {
        variables[input] = value;

        var check = await RunAsync(NewVenture, "Check the inputs");

        Assert.Equal(1, check.ExitCode);
        Assert.StartsWith("::error::", check.Output, StringComparison.Ordinal);
        Assert.Contains(sentence, check.Output, StringComparison.Ordinal);
    }

    [FactThatNeeds("bash", "git")]
    public async Task Makes_a_venture_and_puts_what_git_keeps_of_it_into_a_new_repository_or_a_pull_request()
    {
        // The options are words for the template, no patterns for the shell.
        variables["OPTIONS"] = "--destination=logzio --owner=t*ts --region=eu-west-1";
        await File.WriteAllTextAsync(Path.Combine(folder, "--owner=tests"), "");
        await InstallFromHereAsync();
        (await RunAsync(NewVenture, "Check the inputs")).Succeeded();
        (await RunAsync(NewVenture, "Install the templates")).Succeeded();
        (await RunAsync(NewVenture, "Generate the venture")).Succeeded();
        var venture = Path.Combine(folder, "venture");
        Assert.Contains("owner: \"t-ts\"", await File.ReadAllTextAsync(Path.Combine(venture, "auth", "serverless.yml")), StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(venture, "node_modules"));
        await File.WriteAllTextAsync(Path.Combine(venture, "node_modules", "not-kept"), "");
        (await Command.Run(Command.PathOf("git"), ["init", "--quiet", "--initial-branch", "main"], venture)).Succeeded();
        await PlayGitHubAsync();

        (await RunAsync(NewVenture, "Open a pull request")).Succeeded();

        var pulled = await FilesOfAsync(Path.Combine(folder, "origin"), "new-venture");
        Assert.Contains("auth/serverless.yml", pulled);
        Assert.Contains(".github/workflows/deploy.yml", pulled);
        Assert.Contains("kept.txt", pulled);
        Assert.DoesNotContain(pulled, file => file.StartsWith("node_modules", StringComparison.Ordinal));
        Assert.Contains("pr create --title Acme Shop ", await File.ReadAllTextAsync(Path.Combine(folder, "calls.log")), StringComparison.Ordinal);

        (await RunAsync(NewVenture, "Create the repository", "venture")).Succeeded();

        Assert.Contains("repo create acme/shop --private --source . --push", await File.ReadAllTextAsync(Path.Combine(folder, "calls.log")), StringComparison.Ordinal);
        Assert.Equal(pulled.Where(file => file != "kept.txt"), await FilesOfAsync(venture, "main"));
    }

    [TheoryThatNeeds("bash")]
    [InlineData("--destination=nowhere")]
    [InlineData("--colour=blue")]
    public async Task Fails_when_the_template_refuses_an_option(string options)
    {
        variables["OPTIONS"] = options;
        await InstallFromHereAsync();
        (await RunAsync(NewVenture, "Install the templates")).Succeeded();

        Assert.NotEqual(0, (await RunAsync(NewVenture, "Generate the venture")).ExitCode);
    }

    [TheoryThatNeeds("bash", "unzip")]
    [InlineData("", 0, "is well.")]
    [InlineData(".1", 1, "The <Version> of Serverless.Templates.csproj must be the tag's")]
    public async Task Checks_the_package_of_a_release_against_the_tag(string added, int exitCode, string output)
    {
        var package = await Pack.Package;
        variables["GITHUB_REF_NAME"] = $"v{Path.GetFileNameWithoutExtension(package)["Serverless.Templates.".Length..]}{added}";
        var script = Scripts("release.yml").Single(step => step.Script.StartsWith("bash .ci/check-package ", StringComparison.Ordinal)).Script;

        var check = await BashAsync(script.Replace(" artifacts ", $" '{Path.GetDirectoryName(package)}' ", StringComparison.Ordinal), Repository.Root);

        Assert.Equal(exitCode, check.ExitCode);
        Assert.Contains(output, check.Output, StringComparison.Ordinal);
    }

    // The package of this run, and none other, in place of the gallery's; and a home of the templates' own.
    private async Task InstallFromHereAsync()
    {
        variables["DOTNET_CLI_HOME"] = TestRun.NewFolder("homes");
        await File.WriteAllTextAsync(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="here" value="{Path.GetDirectoryName(await Pack.Package)}" />
              </packageSources>
            </configuration>
            """);
    }

    // gh, but for the commands that only GitHub can answer: a clone is one of a repository beside the work tree.
    private async Task PlayGitHubAsync()
    {
        var origin = Directory.CreateDirectory(Path.Combine(folder, "origin")).FullName;
        await File.WriteAllTextAsync(Path.Combine(origin, "kept.txt"), "");
        string[][] commands = [["init", "--quiet", "--initial-branch", "main"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "--quiet", "-m", "first"]];
        foreach (var command in commands)
            (await Command.Run(Command.PathOf("git"), command, origin)).Succeeded();
        var programs = Directory.CreateDirectory(Path.Combine(folder, "programs")).FullName;
        var gh = Path.Combine(programs, "gh");
        await File.WriteAllTextAsync(gh, $"""
            #!/bin/sh
            echo "$*" >> '{folder}/calls.log'
            if [ "$1 $2" = 'repo clone' ]; then git clone --quiet '{origin}' "$4"; fi
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(gh, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        variables["PATH"] = $"{programs}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";
        variables["GITHUB_STEP_SUMMARY"] = Path.Combine(folder, "summary.md");
    }

    private static async Task<string[]> FilesOfAsync(string repository, string branch) =>
        (await Command.Run(Command.PathOf("git"), ["ls-tree", "-r", "--name-only", branch], repository)).Succeeded().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private Task<Command> RunAsync(string workflow, string step, string workingDirectory = "") =>
        BashAsync(Scripts(workflow).Single(script => script.Step == step).Script, Path.Combine(folder, workingDirectory));

    // As GitHub's runner starts a script of which no shell is named.
    private Task<Command> BashAsync(string script, string workingDirectory) =>
        Command.Run(Command.PathOf("bash"), ["-e", "-c", script], workingDirectory, variables);

    private static IEnumerable<(string? Step, string Script)> Scripts(string workflow) =>
        from job in ((YamlMappingNode)OutputChecks.ReadYaml(File.ReadAllText(Repository.PathOf(".github", "workflows", workflow)))["jobs"]).Children.Values.Cast<YamlMappingNode>()
        where job.Children.ContainsKey("steps")
        from step in ((YamlSequenceNode)job["steps"]).Cast<YamlMappingNode>()
        where step.Children.ContainsKey("run")
        select (step.Children.TryGetValue("name", out var name) ? name.ToString() : null, step["run"].ToString());
}
