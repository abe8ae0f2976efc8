using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Tasks;

namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier.Snapshots;

/// <summary>
/// A snapshot: the folder <c>NAME.verified</c>, laid out as the template's output, and <c>NAME.received</c> beside it with
/// what is new in the output or differs.
/// </summary>
internal sealed class SnapshotFolder(string directory, string name)
{
    private readonly string verified = Path.Combine(directory, $"{name}.verified");
    private readonly string received = Path.Combine(directory, $"{name}.received");

    /// <summary>NAME is <c>Method.Template.Scenario</c>; the scenario has the arguments, joined by #, or is _.</summary>
    public static SnapshotFolder For(TemplateVerifierOptions options, string sourceFile, string callerMethod)
    {
        var template = options.DoNotPrependTemplateNameToScenarioName ? "" : options.TemplateName;
        var method = options.DoNotPrependCallerMethodNameToScenarioName ? "" : callerMethod;
        var prefix = string.Join('.', new[] { method, template }.Where(part => part.Length > 0));
        var arguments = options.DoNotAppendTemplateArgsToScenarioName
            ? ""
            : string.Concat(string.Join('#', options.TemplateSpecificArgs ?? []).Split(Path.GetInvalidFileNameChars()));
        var scenario = options.ScenarioName + arguments;
        var name = $"{OrUnderscore(prefix)}.{OrUnderscore(scenario)}{Distinction(options.UniqueFor ?? UniqueForOption.None)}";
        var directory = Path.Combine(Path.GetDirectoryName(sourceFile) ?? "", options.SnapshotsDirectory ?? "Snapshots");
        return new SnapshotFolder(directory, name);
    }

    /// <returns>What differs, or null.</returns>
    public async Task<string?> CompareAsync(string contentFolder, FileFilter filter, ScrubbersDefinition? scrubbers)
    {
        Directory.CreateDirectory(verified);
        if (Directory.Exists(received))
        {
            Directory.Delete(received, recursive: true);
        }

        var missing = Directory.EnumerateFiles(verified, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(verified, file))
            .ToHashSet(StringComparer.InvariantCultureIgnoreCase);
        var added = new List<string>();
        var changed = new List<string>();
        var everyFile = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.System };
        foreach (var file in Directory.EnumerateFiles(contentFolder, "*", everyFile).Order(StringComparer.Ordinal))
        {
            var relativePath = Path.GetRelativePath(contentFolder, file);
            if (!filter.Includes(relativePath))
            {
                continue;
            }

            var extension = Path.GetExtension(file).TrimStart('.');
            var snapshot = extension.Length > 0 ? relativePath : $"{relativePath.TrimEnd('.')}.noextension";
            missing.Remove(snapshot);
            var difference = TextFiles.Is(extension)
                ? await CompareTextAsync(file, relativePath, extension, snapshot, scrubbers)
                : await CompareBytesAsync(file, snapshot);
            switch (difference)
            {
                case { IsNew: true }:
                    added.Add($"  {snapshot}");
                    break;
                case { } other:
                    changed.Add($"  {snapshot}: {other.Text}");
                    break;
            }
        }

        return added.Count + changed.Count + missing.Count == 0
            ? null
            : Report(added, changed, [.. missing.Order(StringComparer.Ordinal).Select(file => $"  {file}")]);
    }

    private async Task<Difference?> CompareTextAsync(
        string file, string relativePath, string extension, string snapshot, ScrubbersDefinition? scrubbers)
    {
        var content = await TextFiles.ReadAsync(file);
        scrubbers?.ScrubByPath(relativePath, content);
        scrubbers?.ScrubGeneral(content);
        scrubbers?.ScrubByExtension(extension, content);
        TextFiles.HideMachine(content);

        var expectedFile = new FileInfo(Path.Combine(verified, snapshot));
        if (expectedFile is { Exists: true, Length: 0 })
        {
            expectedFile.Delete();
            expectedFile.Refresh();
        }

        if (!expectedFile.Exists)
        {
            TextFiles.Write(Path.Combine(received, snapshot), content);
            return Difference.New;
        }

        var expected = await TextFiles.ReadAsync(expectedFile.FullName);

        // An editor may have ended a snapshot's last line; a template has to end its own.
        if (expected.Length == content.Length + 1 && expected[^1] == '\n')
        {
            expected.Length--;
        }

        if (expected.Equals(content))
        {
            return null;
        }

        TextFiles.Write(Path.Combine(received, snapshot), content);
        return Difference.Of(FirstDifference(expected.ToString().Split('\n'), content.ToString().Split('\n')));
    }

    private async Task<Difference?> CompareBytesAsync(string file, string snapshot)
    {
        var content = await File.ReadAllBytesAsync(file);
        var expected = Path.Combine(verified, snapshot);
        var isNew = !File.Exists(expected);
        if (!isNew && (await File.ReadAllBytesAsync(expected)).SequenceEqual(content))
        {
            return null;
        }

        // Verify refuses to store one, so a template that has one must exclude it.
        if (content.Length == 0)
        {
            throw new InvalidOperationException($"Empty data is not allowed. Path: {file}");
        }

        var target = Path.Combine(received, snapshot);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        await File.WriteAllBytesAsync(target, content);
        return isNew ? Difference.New : Difference.Of("its bytes differ");
    }

    private static string FirstDifference(string[] expected, string[] actual)
    {
        var line = expected.Zip(actual).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"line {line + 1} is {Quoted(actual)}, verified {Quoted(expected)}";

        string Quoted(string[] lines) => line < lines.Length ? $"'{lines[line]}'" : "missing";
    }

    private string Report(List<string> added, List<string> changed, List<string> missing)
    {
        var report = new StringBuilder($"Directory: {directory}\n");
        foreach (var (title, lines) in new[] { ("New", added), ("NotEqual", changed), ("Delete", missing) })
        {
            if (lines.Count > 0)
            {
                report.Append($"{title}:\n{string.Join('\n', lines)}\n");
            }
        }

        return report.Append($"Received: {received}\nVerified: {verified}\n").ToString();
    }

    private static string OrUnderscore(string part) => part.Length == 0 ? "_" : part;

    private static string Distinction(UniqueForOption uniqueFor)
    {
        if ((uniqueFor & ~(UniqueForOption.Architecture | UniqueForOption.OsPlatform)) != 0)
        {
            throw new NotSupportedException($"The stand-in keeps no snapshots apart by {uniqueFor}.");
        }

        var architecture = uniqueFor.HasFlag(UniqueForOption.Architecture)
            ? $".{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}"
            : "";
        var platform = uniqueFor.HasFlag(UniqueForOption.OsPlatform) ? $".{OsPlatform()}" : "";
        return architecture + platform;
    }

    private static string OsPlatform() =>
        OperatingSystem.IsWindows() ? "Windows" : OperatingSystem.IsMacOS() ? "OSX" : "Linux";

    private sealed record Difference(bool IsNew, string Text)
    {
        public static readonly Difference New = new(true, "");

        public static Difference Of(string text) => new(false, text);
    }
}
