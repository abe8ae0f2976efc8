using System.Text.Json.Nodes;
using Xunit.Sdk;

namespace Serverless.Templates.Tests;

/// <summary>What <c>npm install</c> brings: once a run, for all generated services and for tests/node together.</summary>
public static class NodeModules
{
    private static readonly Lazy<Task<string>> Installed = new(InstallAsync);

    /// <summary>The folder that holds package.json and node_modules.</summary>
    public static Task<string> Folder => Installed.Value;

    /// <summary>Gives a service its node_modules, as a link.</summary>
    public static async Task LinkAsync(GeneratedService service)
    {
        var link = service.PathOf("node_modules");
        var target = Path.Combine(await Folder, "node_modules");
        lock (Installed)
        {
            if (!Directory.Exists(link))
                Directory.CreateSymbolicLink(link, target);
        }
    }

    private static async Task<string> InstallAsync()
    {
        var folder = TestRun.Folder("npm");
        var packages = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var overrides = new JsonObject();
        Add("tests/node", await File.ReadAllTextAsync(Repository.PathOf("tests", "node", "package.json")));
        foreach (var template in Template.Services)
            foreach (var options in Options.Pairs(template))
                Add($"{template} {options}", (await GeneratedService.ShareAsync(template, options)).Read("package.json"));
        Add("sls-venture", (await GeneratedService.ShareAsync(Template.Named("sls-venture"), Options.Defaults)).Read("package.json"));
        Add("sls-venture --web true", (await GeneratedService.ShareAsync(Template.Named("sls-venture"), Options.Parse("--web true"))).Read("web/package.json"));

        var json = new JsonObject
        {
            ["private"] = true,
            ["dependencies"] = new JsonObject(packages.Select(package => KeyValuePair.Create(package.Key, (JsonNode?)package.Value))),
            ["overrides"] = overrides,
        };
        await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), json.ToJsonString());
        (await Command.Run(Command.PathOf("npm"), ["install", "--no-audit", "--no-fund", "--no-update-notifier"], folder)).Succeeded();
        await Osls.KeepAsync(Path.Combine(folder, "node_modules"));
        return folder;

        void Add(string of, string packageJson)
        {
            foreach (var (name, version) in JsonNode.Parse(packageJson)!["overrides"]?.AsObject() ?? [])
                overrides[name] = version!.DeepClone();
            foreach (var member in new[] { "dependencies", "devDependencies" })
                foreach (var (name, version) in JsonNode.Parse(packageJson)![member]?.AsObject() ?? [])
                    if (!packages.TryAdd(name, (string)version!) && packages[name] != (string)version!)
                        throw new XunitException($"{of} wants {name} {version}, another {packages[name]}.");
        }
    }
}
