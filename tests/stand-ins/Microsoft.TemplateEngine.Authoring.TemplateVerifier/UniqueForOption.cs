using System;

namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier;

/// <summary>What a snapshot is kept apart by. Of these, the stand-in knows Architecture and OsPlatform.</summary>
[Flags]
public enum UniqueForOption
{
    None = 0,
    Architecture = 1,
    OsPlatform = 2,
    Runtime = 4,
    RuntimeAndVersion = 8,
    TargetFramework = 16,
    TargetFrameworkAndVersion = 32,
}
