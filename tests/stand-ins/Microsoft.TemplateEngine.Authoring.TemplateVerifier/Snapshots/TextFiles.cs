using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;

namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier.Snapshots;

/// <summary>What is text, and what of it does not count.</summary>
internal static class TextFiles
{
    // Of the extensions that Verify takes for text, those that a service's template may hold. Case counts. All others,
    // .targets, .slnx, .ps1, .toml and .env among them, are compared byte by byte.
    private static readonly HashSet<string> Extensions = new(StringComparer.Ordinal)
    {
        "bash", "bat", "cfg", "cjs", "cmd", "conf", "config", "cs", "csproj", "css", "csv", "editorconfig", "fs", "fsproj",
        "gitattributes", "gitignore", "gitkeep", "go", "gradle", "graphql", "htm", "html", "ini", "java", "js", "json",
        "json5", "jsx", "less", "log", "map", "markdown", "md", "mdx", "mjs", "mk", "npmignore", "npmrc", "nuspec", "nvmrc",
        "patch", "pem", "prettierrc", "properties", "props", "py", "rb", "resx", "rs", "rst", "sass", "scss", "sh", "sln",
        "sql", "svg", "text", "tmpl", "tpl", "ts", "tsv", "tsx", "tt", "txt", "vb", "vbproj", "vue", "webmanifest", "xaml",
        "xhtml", "xml", "xsd", "xsl", "xslt", "yaml", "yml", "zsh",
    };

    // The longest first, so that a folder in another is not taken for it.
    private static readonly (string Folder, string Name)[] MachineFolders = [.. NameMachineFolders()];

    public static bool Is(string extension) => Extensions.Contains(extension);

    public static async Task<StringBuilder> ReadAsync(string path)
    {
        var content = new StringBuilder(await File.ReadAllTextAsync(path));
        FixLineEnds(content);
        return content;
    }

    /// <summary>With a byte-order mark, as Verify writes.</summary>
    public static void Write(string path, StringBuilder content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        writer.Write(content);
    }

    /// <summary>Line ends become LF, and the folders of this machine become names.</summary>
    public static void HideMachine(StringBuilder content)
    {
        foreach (var (folder, name) in MachineFolders)
        {
            content.Replace(folder, name);
        }

        FixLineEnds(content);
    }

    private static void FixLineEnds(StringBuilder content) => content.Replace("\r\n", "\n").Replace('\r', '\n');

    private static IEnumerable<(string Folder, string Name)> NameMachineFolders()
    {
        var named = new List<(string Folder, string Name)>();
        foreach (var (folder, name) in new[]
        {
            (AppContext.BaseDirectory, "{CurrentDirectory}"),
            (Environment.CurrentDirectory, "{CurrentDirectory}"),
            (Path.GetTempPath(), "{TempPath}"),
        })
        {
            var trimmed = folder.TrimEnd('/', '\\');
            if (trimmed.Length > 0)
            {
                named.Add((trimmed + Path.DirectorySeparatorChar, name));
                named.Add((trimmed, name));
            }
        }

        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (!string.IsNullOrWhiteSpace(home))
        {
            named.Add((home, "{UserProfile}"));
        }

        return named
            .SelectMany(pair => new[] { pair, (pair.Folder.Replace('\\', '/'), pair.Name) })
            .Distinct()
            .OrderByDescending(pair => pair.Item1.Length);
    }
}
