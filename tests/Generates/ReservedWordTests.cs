using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>
/// A part of a namespace that is called like a type hides the type. The types of <c>shared/</c> stand in a namespace of their own, so
/// no part of a service's may be called like one of them that its code names.
/// </summary>
public sealed partial class ReservedWordTests
{
    private static readonly string Shared = Repository.PathOf("templates", "shared");

    public static TheoryData<string> ShortNames => [.. Template.Services.Select(template => template.ShortName)];

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Hold_every_type_of_the_shared_projects_that_the_code_of_a_service_names(string shortName)
    {
        var template = Template.Named(shortName);
        var reserved = new Regex((string)template.Json["forms"]!["reservedWord"]!["pattern"]!);
        var types = CodeIn(Shared).SelectMany(code => PublicType().Matches(code).Select(type => type.Groups[1].Value)).ToHashSet();
        var named = CodeIn(template.Folder).SelectMany(code => Name().Matches(code).Select(name => name.Value)).Where(types.Contains).Distinct().ToList();

        Assert.NotEmpty(named);
        Assert.Empty(named.Where(name => !reserved.IsMatch(name)).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> CodeIn(string folder) =>
        Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar).Intersect(["bin", "obj", "artifacts", "node_modules"]).Any())
            .Select(path => NotCode().Replace(File.ReadAllText(path), ""));

    [GeneratedRegex(@"\bpublic\b[^\n;={(]*?\b(?:class|record struct|record|struct|interface|enum) (\w+)")]
    private static partial Regex PublicType();

    // Not a member: what follows a dot is looked up in what stands before it.
    [GeneratedRegex(@"(?<![.\w])[A-Z]\w*")]
    private static partial Regex Name();

    [GeneratedRegex(@"//.*|\x22{3}[\s\S]*?\x22{3}|\x22(?:[^\x22\\\n]|\\.)*\x22")]
    private static partial Regex NotCode();
}
