using System.Text.Json;

namespace Serverless.Templates.Tests;

/// <summary>The odd names of tests/names/names.json.</summary>
public static class Names
{
    private static readonly NamesFile File = JsonSerializer.Deserialize<NamesFile>(System.IO.File.ReadAllText(Repository.PathOf("tests", "names", "names.json")), JsonSerializerOptions.Web)!;

    /// <summary>
    /// Names that build: with one template, because all write a name by the same forms; and with each one, those that may collide
    /// with a name in its code. Of a long list every fourth one takes part, or each one if the variable <c>ALL_NAMES</c> is set.
    /// </summary>
    public static IEnumerable<(Template Template, Options Options, string Name)> ThatBuild =>
        File.Builds.Values.SelectMany(Some).Select(name => (Example, ExampleOptions, name))
            .Concat(Template.Services.SelectMany(template => File.BuildsWithEvery.Values.SelectMany(Some).Select(name => (template, Options.Defaults, name))));

    private static IEnumerable<string> Some(string[] names) =>
        names.Length <= 12 || Environment.GetEnvironmentVariable("ALL_NAMES") is { Length: > 0 } ? names : names.Where((_, index) => index % 4 == 0);

    /// <summary>Names of folders that a service is built in.</summary>
    public static IReadOnlyList<string> Folders => File.Folders;

    /// <summary>The template that stands for all, because they write a name by the same forms and refuse a folder by the same file.</summary>
    public static Template Example => Template.Named(File.BuildsWith);

    /// <summary>The options that it is given: those that make the least code, since the name stands in every file.</summary>
    public static Options ExampleOptions { get; } = Options.Parse(File.BuildsWithOptions);

    /// <summary>Names that have no legal form or whose folder cannot be built in, and what is said of them.</summary>
    public static IReadOnlyList<RefusedName> Refused => File.Refused;

    /// <summary>A name that is refused.</summary>
    /// <param name="Sentence">A regular expression that the message matches.</param>
    public sealed record RefusedName(string Name, string Sentence);

    private sealed record NamesFile(string BuildsWith, string BuildsWithOptions, Dictionary<string, string[]> Builds, Dictionary<string, string[]> BuildsWithEvery, string[] Folders, RefusedName[] Refused);
}
