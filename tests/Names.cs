using System.Text.Json;

namespace Serverless.Templates.Tests;

/// <summary>The odd names of tests/names/names.json.</summary>
public static class Names
{
    private static readonly NamesFile File = JsonSerializer.Deserialize<NamesFile>(System.IO.File.ReadAllText(Repository.PathOf("tests", "names", "names.json")), JsonSerializerOptions.Web)!;

    /// <summary>
    /// Names that build: with one template, because all write a name by the same forms; and with each one, those that may collide
    /// with a name in its code.
    /// </summary>
    public static IEnumerable<(Template Template, string Name)> ThatBuild =>
        File.Builds.Values.SelectMany(names => names).Select(name => (Template.Named(File.BuildsWith), name))
            .Concat(Template.Services.SelectMany(template => File.BuildsWithEvery.Values.SelectMany(names => names).Select(name => (template, name))));

    /// <summary>Names for which there is no legal form, and what is said of them.</summary>
    public static IEnumerable<RefusedName> Refused => File.Refused;

    /// <summary>A name that is refused.</summary>
    /// <param name="Sentence">A regular expression that the message matches.</param>
    public sealed record RefusedName(string Name, string Sentence);

    private sealed record NamesFile(string BuildsWith, Dictionary<string, string[]> Builds, Dictionary<string, string[]> BuildsWithEvery, RefusedName[] Refused);
}
