using System.Reflection;

namespace Serverless.Templates.Tests;

/// <summary>Where the repository's files are.</summary>
public static class Repository
{
    /// <summary>The folder that holds README.md, templates/ and tests/.</summary>
    public static string Root { get; } = typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "RepositoryRoot").Value!;

    /// <summary>The path of a file, from its parts below the root.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>The packages that stand in for those a registry lacks.</summary>
    public static string StandInPackages => PathOf("tests", "stand-ins", "packages");
}
