using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>A test that needs programs: skipped, saying which, on a machine that lacks one of them.</summary>
public sealed class FactThatNeedsAttribute : FactAttribute
{
    /// <param name="programs">The programs, by their command; <c>linux-x64</c> is the system itself, <c>browser</c> Chromium or Chrome, <c>namespace</c> a file system of a process's own.</param>
    public FactThatNeedsAttribute(params string[] programs) => Skip = Needs.Missing(programs);
}

/// <summary>The theory to <see cref="FactThatNeedsAttribute"/>.</summary>
public sealed class TheoryThatNeedsAttribute : TheoryAttribute
{
    /// <param name="programs">The programs, by their command; <c>linux-x64</c> is the system itself.</param>
    public TheoryThatNeedsAttribute(params string[] programs) => Skip = Needs.Missing(programs);
}

internal static partial class Needs
{
    /// <summary>The oldest kubectl whose Kustomize builds directories and patches: 1.22.</summary>
    private const int OldestKubectl = 22;

    // As the tests of a generated page look for one.
    private static readonly string[] Browsers = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

    private static readonly Lazy<string?> KubectlIsMissing = new(() =>
        !Kubectl().IsMatch(OutputOf("kubectl", "version", "--client")) ? "kubectl is not on the PATH, or does not say its version. CONTRIBUTING.md says what the tests need."
        : int.Parse(Kubectl().Match(OutputOf("kubectl", "version", "--client")).Groups[1].Value, null) < OldestKubectl ? $"kubectl is older than 1.{OldestKubectl}."
        : null);

    private static readonly Lazy<string?> NamespaceIsMissing = new(() =>
        OutputOf("unshare", "--mount", "unshare", "--root=/", "--wd=/", "--setgid=1654", "--setuid=1654", "id", "-u").Trim() == "1654" ? null : "A mount namespace with a root and a user of its own needs root on Linux.");

    /// <summary>Why a test cannot run here, or null if it can.</summary>
    public static string? Missing(string[] programs) => programs.Select(Missing).FirstOrDefault(reason => reason is not null);

    // A native binary is linked for the system and the processor that it is linked on.
    private static string? Missing(string program) => program switch
    {
        "linux-x64" => RuntimeInformation.RuntimeIdentifier.EndsWith("-x64", StringComparison.Ordinal) && OperatingSystem.IsLinux()
            ? null
            : $"This is {RuntimeInformation.RuntimeIdentifier}; what is deployed here is built on linux-x64.",
        "kubectl" => KubectlIsMissing.Value,
        "browser" => Browsers.All(name => Command.Find(name) is null)
            ? $"None of {string.Join(", ", Browsers)} is on the PATH. CONTRIBUTING.md says what the tests need; .ci/run installs one."
            : null,
        "namespace" => NamespaceIsMissing.Value,
        _ => Command.Find(program) is null
            ? $"{program} is not on the PATH. CONTRIBUTING.md says what the tests need; .ci/run installs it."
            : null,
    };

    private static string OutputOf(string program, params string[] arguments)
    {
        if (Command.Find(program) is not { } path)
            return "";
        using var process = Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return output.GetAwaiter().GetResult();
    }

    // Client Version: v1.32.4, and before 1.28 GitVersion:"v1.25.4" in a longer line.
    [GeneratedRegex(@"v1\.(\d+)\.")]
    private static partial Regex Kubectl();
}
