using System.Text.Json.Nodes;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The npm packages that a service deploys with.</summary>
public sealed class NpmPackagesTests
{
    // In a venture there is one package.json, at its root.
    public static TheoryData<string, string> Pairs
    {
        get
        {
            var rows = new TheoryData<string, string> { { "sls-venture", "" }, { "sls-venture", "--web true" } };
            foreach (var template in Template.Services)
                foreach (var options in Options.Pairs(template).Where(options => options[template, "venture"] == "false"))
                    rows.Add(template.ShortName, options.ToString());
            return rows;
        }
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Are_locked_by_version_and_checksum_without_addresses(string template, string options)
    {
        var service = await GeneratedService.ShareAsync(Template.Named(template), Options.Parse(options));
        var package = JsonNode.Parse(service.Read("package.json"))!;
        var locked = JsonNode.Parse(service.Read("package-lock.json"))!["packages"]!.AsObject();

        Assert.Equal(package["name"]!.ToString(), locked[""]!["name"]!.ToString());
        Assert.Equal(package["devDependencies"]!.ToJsonString(), locked[""]!["devDependencies"]!.ToJsonString());
        // The page of a venture is a package of its own, beside those that are installed.
        foreach (var workspace in package["workspaces"]?.AsArray().Select(name => (string)name!) ?? [])
        {
            var page = JsonNode.Parse(service.Read($"{workspace}/package.json"))!;
            Assert.All(new[] { "dependencies", "devDependencies" }, kind => Assert.Equal(Sorted(page[kind]!), Sorted(locked[workspace]![kind]!)));
            Assert.True((bool)locked[$"node_modules/{workspace}"]!["link"]!);
            locked.Remove(workspace);
            locked.Remove($"node_modules/{workspace}");
        }

        Assert.All(locked.Where(entry => entry.Key.Length > 0), entry =>
        {
            Assert.Null(entry.Value!["resolved"]);
            Assert.StartsWith("sha512-", entry.Value["integrity"]?.ToString() ?? "", StringComparison.Ordinal);
        });
    }

    private static IEnumerable<string> Sorted(JsonNode packages) => packages.AsObject().Select(package => $"{package.Key} {package.Value}").Order(StringComparer.Ordinal);

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Bring_no_serverless_framework_but_osls(string template, string options)
    {
        var service = await GeneratedService.ShareAsync(Template.Named(template), Options.Parse(options));
        var locked = JsonNode.Parse(service.Read("package-lock.json"))!["packages"]!.AsObject();

        Assert.All(locked.Where(entry => entry.Key.EndsWith("node_modules/serverless", StringComparison.Ordinal)), entry => Assert.Equal("osls", entry.Value!["name"]?.ToString()));
        Assert.DoesNotContain(locked, entry => entry.Key.Contains("node_modules/@serverless/", StringComparison.Ordinal));
    }

    // The lock file alone does not keep it out: the next npm install would write another one.
    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Have_osls_where_a_plugin_asks_for_the_serverless_framework(string template, string options)
    {
        var service = await GeneratedService.ShareAsync(Template.Named(template), Options.Parse(options));
        var package = JsonNode.Parse(service.Read("package.json"))!;
        var locked = JsonNode.Parse(service.Read("package-lock.json"))!["packages"]!.AsObject();
        var asksFor = locked.Any(entry => entry.Value!["peerDependencies"]?["serverless"] is not null);

        Assert.Equal(asksFor ? $"npm:osls@{package["devDependencies"]!["osls"]}" : null, (string?)package["overrides"]?["serverless"]);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Run_no_script_when_they_are_installed(string template, string options)
    {
        var service = await GeneratedService.ShareAsync(Template.Named(template), Options.Parse(options));

        Assert.Contains("ignore-scripts=true", service.Read(".npmrc").Split('\n'));
    }

    [FactThatNeeds("node", "npm")]
    public async Task Are_listed_by_npm_without_another_serverless_framework()
    {
        var list = await Command.Run(Command.PathOf("npm"), ["ls", "serverless", "--json"], await NodeModules.Folder);

        var found = Stack.Objects(JsonNode.Parse(list.Output)).Where(node => node.ContainsKey("serverless")).Select(node => node["serverless"]!);
        Assert.All(found, serverless => Assert.Equal(("4.3.1", null), (serverless["version"]?.ToString(), serverless["problems"]?.ToString())));
        Assert.Contains("osls", JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(await NodeModules.Folder, "node_modules", "serverless", "package.json")))!["name"]!.ToString(), StringComparison.Ordinal);
    }
}
