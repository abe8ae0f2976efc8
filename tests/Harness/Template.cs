using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Serverless.Templates.Tests;

/// <summary>An option of a template.</summary>
/// <param name="Choices">Its values; for a text none.</param>
/// <param name="Default">The value it has when it is not given.</param>
/// <param name="Several">Several of its values at once, as <see cref="Options"/> writes them; null: it takes one.</param>
/// <param name="Needs">The option and its value without which this one is not offered; null: it always is.</param>
public sealed record TemplateOption(string Name, string Description, IReadOnlyList<string> Choices, string Default, string? Several, (string Option, string Value)? Needs);

/// <summary>A template of the pack, as its template.json describes it. A new folder under templates/ is a new one here.</summary>
public sealed partial class Template
{
    private Template(string folder)
    {
        Folder = folder;
        Json = JsonNode.Parse(File.ReadAllText(ConfigurationPath))!.AsObject();
        Host = JsonNode.Parse(File.ReadAllText(HostPath))!.AsObject();
        ShortName = (string)Json["shortName"]!;
        SourceName = (string)Json["sourceName"]!;
        Options = [.. Symbols.Where(symbol => (string?)symbol.Value["type"] == "parameter").Select(symbol => ReadOption(symbol.Key, symbol.Value))];
        // A path that is replaced may rightly be in the output: what is left of it leads to the same folder.
        Tokens = [SourceName, .. Symbols.Select(symbol => (string?)symbol.Value["replaces"]).OfType<string>().Where(token => !token.Contains('/'))];
    }

    /// <summary>All templates.</summary>
    public static IReadOnlyList<Template> All { get; } =
        [.. Directory.GetDirectories(Repository.PathOf("templates")).Where(folder => File.Exists(Path.Combine(folder, ".template.config", "template.json"))).Order(StringComparer.Ordinal).Select(folder => new Template(folder))];

    /// <summary>The templates that make a service of their own. The others add something to one.</summary>
    public static IReadOnlyList<Template> Services { get; } = [.. All.Where(template => template.IsService)];

    /// <summary>Whether it makes a service of its own.</summary>
    public bool IsService => (string?)Json["tags"]!["type"] == "solution" && !IsVenture;

    /// <summary>Whether it composes the services into one repository.</summary>
    public bool IsVenture => ShortName == "sls-venture";

    /// <summary>The folder that holds its files.</summary>
    public string Folder { get; }

    /// <summary>template.json.</summary>
    public JsonObject Json { get; }

    /// <summary>dotnetcli.host.json.</summary>
    public JsonObject Host { get; }

    /// <summary>The path of template.json.</summary>
    public string ConfigurationPath => Path.Combine(Folder, ".template.config", "template.json");

    /// <summary>The path of dotnetcli.host.json.</summary>
    public string HostPath => Path.Combine(Folder, ".template.config", "dotnetcli.host.json");

    /// <summary>As in <c>dotnet new</c>.</summary>
    public string ShortName { get; }

    /// <summary>The name that the generated project's own replaces.</summary>
    public string SourceName { get; }

    /// <summary>What a user may choose.</summary>
    public IReadOnlyList<TemplateOption> Options { get; }

    /// <summary>What must not be left in a generated project.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>Its symbols, by name.</summary>
    public IEnumerable<(string Key, JsonObject Value)> Symbols => Json["symbols"]!.AsObject().Select(symbol => (symbol.Key, symbol.Value!.AsObject()));

    /// <summary>The template of a short name.</summary>
    public static Template Named(string shortName) => All.Single(template => template.ShortName == shortName);

    /// <inheritdoc/>
    public override string ToString() => ShortName;

    private static TemplateOption ReadOption(string name, JsonObject symbol) => new(
        name,
        (string?)symbol["description"] ?? "",
        (string?)symbol["datatype"] switch
        {
            "choice" => [.. symbol["choices"]!.AsArray().Select(choice => (string)choice!["choice"]!)],
            "bool" => ["true", "false"],
            _ => [],
        },
        (string?)symbol["defaultValue"] ?? "",
        (bool?)symbol["allowMultipleValues"] == true ? $"{symbol["choices"]![0]!["choice"]}|{symbol["choices"]![symbol["choices"]!.AsArray().Count / 2 + 1]!["choice"]}" : null,
        (string?)symbol["isEnabled"] is { } condition ? ReadNeed(condition) : null);

    private static (string, string) ReadNeed(string condition) =>
        Need().Match(condition) is { Success: true } need
            ? (need.Groups[1].Value, need.Groups[2].Value)
            : throw new InvalidDataException($"isEnabled is {condition}; the tests understand (option == \"value\"), and with || option == \"\" where the value is the default.");

    [GeneratedRegex("""^\((\w+) == "(\w+)"(?: \|\| \1 == "")?\)$""")]
    private static partial Regex Need();
}
