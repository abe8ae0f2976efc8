using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Serverless.Templates.Tests;

/// <summary>The GitHub workflows: those of this repository, of a service made on its own, and of a venture.</summary>
public sealed partial class WorkflowTests
{
    private static readonly Lazy<List<Workflow>> All = new(() => [.. OfRepository(), .. OfTemplate("shared/service"), .. OfTemplate("venture")]);

    private static readonly Lazy<Task<JsonObject>> Linted = new(LintAsync);

    public static TheoryData<string> Names => [.. All.Value.Select(workflow => workflow.Name)];

    // Without the actions that workflows share steps by.
    public static TheoryData<string> NamesOfWorkflows => [.. All.Value.Where(workflow => !workflow.IsAction).Select(workflow => workflow.Name)];

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Names))]
    public async Task Has_nothing_that_the_linter_objects_to(string name) =>
        Assert.Empty((await Linted.Value)[Named(name).Path]!.AsArray().Select(fault => (string)fault!));

    [Theory]
    [MemberData(nameof(Names))]
    public void Pins_every_action_by_its_commit_with_the_version_beside(string name) =>
        Assert.All(Uses().Matches(Named(name).Text), use => Assert.Matches(@"^(\./\S+|[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$", use.Groups[1].Value));

    [Fact]
    public void Pins_an_action_to_the_same_commit_everywhere()
    {
        var pins = All.Value.SelectMany(workflow => Uses().Matches(workflow.Text)).Select(use => use.Groups[1].Value.Split('@')).Where(use => use.Length == 2).Distinct(EqualityComparer<string[]>.Create((one, other) => one!.SequenceEqual(other!), use => use[0].GetHashCode(StringComparison.Ordinal)));

        Assert.Empty(pins.GroupBy(pin => pin[0]).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    [Theory]
    [MemberData(nameof(NamesOfWorkflows))]
    public void Grants_nothing_to_all_jobs_and_gives_each_job_a_limit(string name)
    {
        var workflow = (YamlMappingNode)OutputChecks.ReadYaml(Named(name).Text);

        Assert.Empty(((YamlMappingNode)workflow["permissions"]).Children);
        Assert.All(((YamlMappingNode)workflow["jobs"]).Children, job =>
        {
            Assert.True(job.Value is YamlMappingNode node && node.Children.ContainsKey("permissions"), $"{job.Key} has no permissions");
            Assert.True(((YamlMappingNode)job.Value).Children.ContainsKey("timeout-minutes") || ((YamlMappingNode)job.Value).Children.ContainsKey("uses"), $"{job.Key} has no timeout");
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Installs_packages_by_the_lock_file_alone_and_runs_none_of_their_scripts_beside_an_identity_token(string name)
    {
        var workflow = Named(name);

        Assert.DoesNotMatch(@"npm (install|i)\b", workflow.Text);
        if (workflow.Text.Contains("configure-aws-credentials", StringComparison.Ordinal))
            Assert.All(NpmCi().Matches(JobWithToken(workflow.Text)), command => Assert.Equal("npm ci --ignore-scripts", command.Value));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Leaves_no_credentials_of_the_repository_in_the_work_tree(string name) =>
        Assert.Equal(Regex.Count(Named(name).Text, "actions/checkout@"), Regex.Count(Named(name).Text, "persist-credentials: false"));

    [Theory]
    [MemberData(nameof(Names))]
    public void Puts_no_expression_into_a_script(string name) =>
        Assert.All(Scripts(Named(name)), script => Assert.DoesNotContain("${{", script, StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void Names_only_files_and_scripts_that_exist(string name)
    {
        var workflow = Named(name);
        var root = workflow.Root;

        Assert.All(Uses().Matches(workflow.Text).Select(use => use.Groups[1].Value).Where(use => use.StartsWith("./", StringComparison.Ordinal)), use =>
            Assert.True(File.Exists(Path.Combine(root, use)) || File.Exists(Path.Combine(root, use, "action.yml")), $"there is no {use}"));
        // What new-venture.yml runs in its folder 'venture' are scripts of that template.
        var scripts = name == ".github/workflows/new-venture.yml" ? Repository.PathOf("templates", "venture") : root;
        foreach (var script in Scripts(workflow))
        {
            Assert.All(Files().Matches(script), file => Assert.True(File.Exists(Path.Combine(scripts, file.Groups[1].Value)), $"there is no {file.Groups[1].Value}"));
            if (NpmRuns().Matches(script) is { Count: > 0 } runs && File.Exists(Path.Combine(scripts, "package.json")))
            {
                // With the scripts of all options: the template engine's lines are comments.
                var known = JsonNode.Parse(File.ReadAllText(Path.Combine(scripts, "package.json")), documentOptions: new() { CommentHandling = JsonCommentHandling.Skip })!["scripts"]!.AsObject();
                Assert.All(runs, run => Assert.True(known.ContainsKey(run.Groups[1].Value), $"package.json has no script {run.Groups[1].Value}"));
            }
        }
    }

    [Theory]
    [MemberData(nameof(NamesOfWorkflows))]
    public void Runs_once_for_a_change(string name)
    {
        var on = OutputChecks.ReadYaml(Named(name).Text)["on"];

        // A push to the branch of a pull request is not built twice: pushes are built for main and for tags only.
        if (on is YamlMappingNode events && events.Children.TryGetValue("push", out var push))
            Assert.True(push is YamlMappingNode filter && (filter.Children.ContainsKey("branches") || filter.Children.ContainsKey("tags")));
    }

    [Theory]
    [MemberData(nameof(NamesOfWorkflows))]
    public void Ends_an_older_run_of_a_pull_request_and_breaks_off_no_deployment(string name)
    {
        var workflow = (YamlMappingNode)OutputChecks.ReadYaml(Named(name).Text);
        var isOfPullRequests = workflow["on"] is YamlMappingNode events && events.Children.ContainsKey("pull_request");

        foreach (var (key, job) in ((YamlMappingNode)workflow["jobs"]).Children.Where(job => !((YamlMappingNode)job.Value).Children.ContainsKey("uses")))
        {
            var deploys = ((YamlMappingNode)job["permissions"]).Children.ContainsKey("id-token");
            if (!deploys && !isOfPullRequests)
                continue;
            Assert.True(((YamlMappingNode)job).Children.ContainsKey("concurrency"), $"{key} has no concurrency");
            Assert.Equal(deploys, job["concurrency"]["cancel-in-progress"].ToString() == "false");
        }
    }

    [Fact]
    public async Task The_linter_finds_a_mistake()
    {
        var file = Path.Combine(TestRun.NewFolder("workflows"), "ci.yml");
        await File.WriteAllTextAsync(file, "on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    needs: other\n    steps:\n      - run: echo ${{ github.evnt }}\n");

        var faults = (await RunLinterAsync([file]))[file]!.AsArray();

        Assert.Equal(2, faults.Count);
    }

    private static Workflow Named(string name) => All.Value.Single(workflow => workflow.Name == name);

    private static IEnumerable<Workflow> OfRepository() =>
        Directory.GetFiles(Repository.PathOf(".github", "workflows"), "*.yml").Order(StringComparer.Ordinal).Select(path => new Workflow(Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'), Repository.Root, File.ReadAllText(path), path));

    // Both branches of every condition: the file has none of the template engine's lines left.
    private static IEnumerable<Workflow> OfTemplate(string template)
    {
        var root = Repository.PathOf(["templates", .. template.Split('/')]);
        foreach (var path in Directory.GetFiles(Path.Combine(root, ".github"), "*.yml", SearchOption.AllDirectories).Where(path => !path.EndsWith("dependabot.yml", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            foreach (var branch in Branches(File.ReadAllText(path)).DistinctBy(branch => branch.Text))
            {
                var name = $"{Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')}{(branch.Conditions == "" ? "" : $" ({branch.Conditions})")}";
                var folder = TestRun.NewFolder("workflows");
                var copy = Path.Combine(folder, Path.GetFileName(path));
                var text = branch.Text.Replace("__region__", "ap-southeast-2", StringComparison.Ordinal).Replace("__stage__", "dev", StringComparison.Ordinal);
                File.WriteAllText(copy, text);
                yield return new Workflow(name, root, text, copy);
            }
    }

    private static IEnumerable<(string Conditions, string Text)> Branches(string text)
    {
        if (!text.Contains("#if", StringComparison.Ordinal))
            return [("", text)];
        return from arm64 in new[] { true, false }
               from aot in new[] { true, false }
               from web in new[] { false, true }
               select ($"{(arm64 ? "arm64" : "x86_64")}, {(aot ? "aot" : "managed")}{(web ? ", web" : "")}", Choose(text, new() { ["arm64"] = arm64, ["aot"] = aot, ["hasWeb"] = web }));
    }

    private static string Choose(string text, Dictionary<string, bool> symbols)
    {
        var kept = new List<string>();
        var isKept = new Stack<bool>([true]);
        foreach (var line in text.Split('\n'))
        {
            if (Condition().Match(line) is { Success: true } condition)
                isKept.Push(symbols[condition.Groups[1].Value]);
            else if (line == "#else")
                isKept.Push(!isKept.Pop());
            else if (line == "#endif")
                isKept.Pop();
            else if (isKept.All(kept => kept))
                kept.Add(line);
        }
        return string.Join('\n', kept);
    }

    private static List<string> Scripts(Workflow workflow)
    {
        return [.. Find(OutputChecks.ReadYaml(workflow.Text))];

        static IEnumerable<string> Find(YamlNode node) => node switch
        {
            YamlSequenceNode list => list.SelectMany(Find),
            YamlMappingNode map => map.Children.SelectMany(child => child.Key.ToString() == "run" && child.Value is YamlScalarNode ? [child.Value.ToString()] : Find(child.Value)),
            _ => [],
        };
    }

    // A composite action that assumes a role runs in a job with a token.
    private static string JobWithToken(string text) =>
        text.Contains("id-token: write", StringComparison.Ordinal) && text.LastIndexOf("\n  deploy:", StringComparison.Ordinal) is > 0 and var start ? text[start..] : text;

    private static Task<JsonObject> LintAsync() => RunLinterAsync([.. All.Value.Select(workflow => workflow.Path)]);

    private static async Task<JsonObject> RunLinterAsync(string[] paths)
    {
        var script = Repository.PathOf("tests", "node", "lint-workflows.mjs");
        return JsonNode.Parse((await Command.Run(Command.PathOf("node"), [script, .. paths], await NodeModules.Folder)).Succeeded().Output)!.AsObject();
    }

    private sealed record Workflow(string Name, string Root, string Text, string Path)
    {
        public bool IsAction => System.IO.Path.GetFileName(Path) == "action.yml";
    }

    [GeneratedRegex(@"(?m)^\s*(?:- )?uses: (.+?)\s*$")]
    private static partial Regex Uses();

    [GeneratedRegex(@"npm ci[^\n]*")]
    private static partial Regex NpmCi();

    [GeneratedRegex(@"(?:node|bash) ([\w./-]+)")]
    private static partial Regex Files();

    [GeneratedRegex(@"npm run ([\w:-]+)")]
    private static partial Regex NpmRuns();

    [GeneratedRegex(@"^#if \((\w+)\)$")]
    private static partial Regex Condition();
}
