using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>
/// A file in which nothing is replaced is named in <c>copyOnly</c>, and no other is. For each of the others the engine reserves a buffer of
/// 8 megabytes, because what is read from a package has no length: that is most of what <c>dotnet new</c> takes.
/// </summary>
public sealed partial class CopiedFilesTests
{
    public static TheoryData<string> ShortNames => [.. Template.All.Select(template => template.ShortName)];

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Are_those_in_which_nothing_is_replaced(string shortName)
    {
        var template = Template.Named(shortName);
        foreach (var source in template.Json["sources"]!.AsArray().OfType<JsonObject>())
            Faults.None(FilesOf(template, source).Select(file => (file.IsCopied, file.Path, Replaced: Replaced(template, file.Path))).SelectMany<(bool IsCopied, string Path, string? Replaced), string>(file => (file.IsCopied, file.Replaced) switch
            {
                // LocalScript looks for the folder of a service and for that of a venture.
                (true, "../shared/") => [],
                (true, { } text) => [$"{source["source"]} copies {file.Path}, in which {text} is replaced"],
                (false, null) => [$"{source["source"]} looks for something to replace in {file.Path}, which holds nothing: name it in copyOnly"],
                _ => [],
            }));
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Are_all_there(string shortName)
    {
        var template = Template.Named(shortName);
        foreach (var source in template.Json["sources"]!.AsArray().OfType<JsonObject>())
            Faults.None(Globs(source, "include").Concat(Globs(source, "copyOnly"))
                .Where(glob => !FilesOf(template, source).Any(file => Glob(glob).IsMatch(file.Name)))
                .Select(glob => $"{source["source"]} has no file {glob}"));
    }

    private static IEnumerable<(string Name, string Path, bool IsCopied)> FilesOf(Template template, JsonObject source)
    {
        var folder = Path.GetFullPath(Path.Combine(template.Folder, (string)source["source"]!));
        var included = Globs(source, "include").DefaultIfEmpty("**").Select(Glob).ToList();
        var copied = Globs(source, "copyOnly").Select(Glob).ToList();
        var excluded = (source["modifiers"]?.AsArray() ?? []).OfType<JsonObject>().Where(modifier => modifier["condition"] is null).SelectMany(modifier => Globs(modifier, "exclude")).Select(Glob).ToList();
        return Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => (Name: Path.GetRelativePath(folder, path).Replace('\\', '/'), Path: path))
            .Where(file => !file.Name.Split('/').Intersect(["bin", "obj", ".template.config"]).Any())
            .Where(file => included.Any(glob => glob.IsMatch(file.Name)) && !excluded.Any(glob => glob.IsMatch(file.Name)))
            .Select(file => (file.Name, file.Path, copied.Any(glob => glob.IsMatch(file.Name))));
    }

    // The text that the engine would replace or evaluate, null: there is none.
    private static string? Replaced(Template template, string path)
    {
        var text = File.ReadAllText(path);
        return template.Symbols.Select(symbol => (string?)symbol.Value["replaces"]).OfType<string>().Append(template.SourceName).FirstOrDefault(text.Contains)
            ?? (template.Symbols.Any(symbol => symbol.Key == "entity") && Entity().Match(text) is { Success: true } entity ? entity.Value : null)
            ?? (Directive().Match(text) is { Success: true } directive ? directive.Value : null)
            ?? template.Symbols.Select(symbol => $"$({symbol.Key})").FirstOrDefault(property => ConditionOf().Matches(text).Any(condition => condition.Value.Contains(property, StringComparison.Ordinal)));
    }

    private static IEnumerable<string> Globs(JsonObject source, string member) => source[member]?.AsArray().Select(glob => (string)glob!) ?? [];

    private static Regex Glob(string glob) => new("^" + Regex.Escape(glob).Replace(@"\*\*/", "(.*/)?").Replace(@"\*\*", ".*").Replace(@"\*", "[^/]*") + "$");

    [GeneratedRegex("(?i)trade[ _-]?item")]
    private static partial Regex Entity();

    [GeneratedRegex(@"#(if|elseif|elif|else|endif)\b|[-+]:cnd\b")]
    private static partial Regex Directive();

    [GeneratedRegex(@"Condition=\x22[^\x22]*\x22")]
    private static partial Regex ConditionOf();
}
