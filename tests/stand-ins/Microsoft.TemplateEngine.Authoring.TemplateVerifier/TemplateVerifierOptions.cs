using System.Collections.Generic;
using Microsoft.Extensions.Options;
using Microsoft.TemplateEngine.Authoring.TemplateVerifier.Commands;

namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier;

/// <summary>Which template to make, how, and how to compare it.</summary>
public class TemplateVerifierOptions(string templateName) : IOptions<TemplateVerifierOptions>
{
    /// <summary>The short name: of an installed template, or of one at <see cref="TemplatePath"/>.</summary>
    public string TemplateName { get; init; } = templateName;

    /// <summary>Installed first, where given.</summary>
    public string? TemplatePath { get; init; }

    public string? DotnetExecutablePath { get; init; }

    public IReadOnlyDictionary<string, string>? Environment { get; private set; }

    public IEnumerable<string>? TemplateSpecificArgs { get; init; }

    /// <summary>Relative to the calling source file; "Snapshots" by default.</summary>
    public string? SnapshotsDirectory { get; init; }

    /// <summary>Also compares standard output and error, as files in std-streams/.</summary>
    public bool VerifyCommandOutput { get; init; }

    public bool IsCommandExpectedToFail { get; init; }

    /// <summary>The stand-in starts no diff tool, whatever this says.</summary>
    public bool DisableDiffTool { get; init; }

    public bool DisableDefaultVerificationExcludePatterns { get; init; }

    public IEnumerable<string>? VerificationExcludePatterns { get; init; }

    public IEnumerable<string>? VerificationIncludePatterns { get; init; }

    /// <summary>Kept after a success, where given.</summary>
    public string? OutputDirectory { get; init; }

    /// <summary>The hive of the template engine; the user's own where neither this nor a template path is given.</summary>
    public string? SettingsDirectory { get; init; }

    public UniqueForOption? UniqueFor { get; init; }

    public ScrubbersDefinition? CustomScrubbers { get; private set; }

    public VerifyDirectory? CustomDirectoryVerifier { get; private set; }

    public string? ScenarioName { get; init; }

    public bool DoNotAppendTemplateArgsToScenarioName { get; init; }

    public bool DoNotPrependTemplateNameToScenarioName { get; init; }

    public bool DoNotPrependCallerMethodNameToScenarioName { get; init; }

    public bool EnsureEmptyOutputDirectory { get; init; } = true;

    /// <summary>With its dot; ".txt" by default.</summary>
    public string? StandardOutputFileExtension { get; init; }

    public RunInstantiation? CustomInstatiation { get; private set; }

    TemplateVerifierOptions IOptions<TemplateVerifierOptions>.Value => this;

    /// <summary>Adds variables to those of this process. What is there already stays as it is.</summary>
    public TemplateVerifierOptions WithCustomEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        var merged = new Dictionary<string, string>(environment);
        foreach (var (name, value) in Environment ?? new Dictionary<string, string>())
        {
            merged[name] = value;
        }

        Environment = merged;
        return this;
    }

    public TemplateVerifierOptions WithEnvironmentVariable(string name, string value) =>
        WithCustomEnvironment(new Dictionary<string, string> { [name] = value });

    public TemplateVerifierOptions WithCustomScrubbers(ScrubbersDefinition scrubbers)
    {
        CustomScrubbers = scrubbers;
        return this;
    }

    public TemplateVerifierOptions WithCustomDirectoryVerifier(VerifyDirectory verifier)
    {
        CustomDirectoryVerifier = verifier;
        return this;
    }

    public TemplateVerifierOptions WithCustomInstatiation(RunInstantiation instantiation)
    {
        CustomInstatiation = instantiation;
        return this;
    }
}
