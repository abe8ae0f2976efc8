using System.Text;
using System.Text.Json.Nodes;

namespace Serverless.Templates.Tests;

/// <summary>Which file of the pack each file of a generated service comes from, by the template's <c>sources</c>.</summary>
public sealed class SourceFiles
{
    private readonly GeneratedService service;
    private readonly Dictionary<string, string> sources = [];

    private SourceFiles(GeneratedService service)
    {
        this.service = service;
        foreach (var source in service.Template.Json["sources"]?.AsArray() ?? [])
        {
            var folder = Path.GetFullPath(Path.Combine(service.Template.Folder, (string?)source!["source"] ?? "./"));
            var target = ((string?)source["target"] ?? "./").Replace("./", "", StringComparison.Ordinal);
            var renames = (source["modifiers"]?.AsArray() ?? []).Append(source).SelectMany(modifier => modifier!["rename"]?.AsObject() ?? []).ToList();
            foreach (var path in Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
                sources[PutNameIn(renames.Aggregate(target + Path.GetRelativePath(folder, path).Replace('\\', '/'), Rename))] = path;
        }
    }

    /// <summary>The files that hold their source's bytes, or its text with the service's name put in: the engine has changed nothing else.</summary>
    public static IReadOnlyList<string> Copied(GeneratedService service)
    {
        var files = new SourceFiles(service);
        return [.. service.Files.Where(files.IsCopied)];
    }

    private bool IsCopied(string file)
    {
        if (!sources.TryGetValue(file, out var source))
            return false;
        var (written, expected) = (File.ReadAllBytes(service.PathOf(file)), File.ReadAllBytes(source));
        return written.AsSpan().SequenceEqual(expected) || written.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(PutNameIn(Encoding.UTF8.GetString(expected))));
    }

    private static string Rename(string path, KeyValuePair<string, JsonNode?> rename) => path.Replace(rename.Key, (string)rename.Value!, StringComparison.Ordinal);

    // The engine writes the template's own name as the project's in paths and as a namespace in code.
    private string PutNameIn(string text) => text
        .Replace(service.Template.SourceName, service.ProjectName, StringComparison.Ordinal)
        .Replace(service.Template.SourceName.Replace(".1", "._1", StringComparison.Ordinal), service.ProjectName.Replace('-', '_'), StringComparison.Ordinal);
}
