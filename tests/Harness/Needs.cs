using System.Runtime.InteropServices;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>A test that needs programs: skipped, saying which, on a machine that lacks one of them.</summary>
public sealed class FactThatNeedsAttribute : FactAttribute
{
    /// <param name="programs">The programs, by their command; <c>linux-x64</c> is the system itself.</param>
    public FactThatNeedsAttribute(params string[] programs) => Skip = Needs.Missing(programs);
}

/// <summary>The theory to <see cref="FactThatNeedsAttribute"/>.</summary>
public sealed class TheoryThatNeedsAttribute : TheoryAttribute
{
    /// <param name="programs">The programs, by their command; <c>linux-x64</c> is the system itself.</param>
    public TheoryThatNeedsAttribute(params string[] programs) => Skip = Needs.Missing(programs);
}

internal static class Needs
{
    /// <summary>Why a test cannot run here, or null if it can.</summary>
    public static string? Missing(string[] programs) => programs.Select(Missing).FirstOrDefault(reason => reason is not null);

    // A native binary is linked for the system and the processor that it is linked on.
    private static string? Missing(string program) => program switch
    {
        "linux-x64" => RuntimeInformation.RuntimeIdentifier.EndsWith("-x64", StringComparison.Ordinal) && OperatingSystem.IsLinux()
            ? null
            : $"This is {RuntimeInformation.RuntimeIdentifier}; what is deployed here is built on linux-x64.",
        _ => Command.Find(program) is null
            ? $"{program} is not on the PATH. CONTRIBUTING.md says what the tests need; .ci/run installs it."
            : null,
    };
}
