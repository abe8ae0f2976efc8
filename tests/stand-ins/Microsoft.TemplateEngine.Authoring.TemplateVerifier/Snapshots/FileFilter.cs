using System.Collections.Generic;
using System.Linq;

namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier.Snapshots;

/// <summary>Which files of the output are compared: those included, all by default, without those excluded.</summary>
internal sealed class FileFilter
{
    private static readonly string[] DefaultExclusions =
        ["**/obj/*", @"**\obj\*", "**/bin/*", @"**\bin\*", "*.exe", "*.dll", "*."];

    private readonly List<FilePattern> included;
    private readonly List<FilePattern> excluded;

    public FileFilter(TemplateVerifierOptions options)
    {
        included = [.. (options.VerificationIncludePatterns ?? []).Select(pattern => new FilePattern(pattern))];
        string[] byDefault = options.DisableDefaultVerificationExcludePatterns ? [] : DefaultExclusions;
        excluded = [.. byDefault.Concat(options.VerificationExcludePatterns ?? []).Select(pattern => new FilePattern(pattern))];
    }

    public bool Includes(string relativePath) =>
        (included.Count == 0 || included.Any(pattern => pattern.Matches(relativePath)))
        && !excluded.Any(pattern => pattern.Matches(relativePath));
}
