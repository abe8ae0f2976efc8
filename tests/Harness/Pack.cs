namespace Serverless.Templates.Tests;

/// <summary>The NuGet package that these tests are about, packed once a run.</summary>
public static class Pack
{
    private static readonly Lazy<Task<string>> Packed = new(PackAsync);

    /// <summary>The path of the .nupkg.</summary>
    public static Task<string> Package => Packed.Value;

    private static async Task<string> PackAsync()
    {
        var folder = TestRun.Folder("pack");
        var objects = Path.Combine(folder, "obj") + Path.DirectorySeparatorChar;
        (await Command.Dotnet(
            Repository.Root, "pack", "Serverless.Templates.csproj", "-nologo", "--output", folder, $"-p:BaseIntermediateOutputPath={objects}", $"-p:BaseOutputPath={folder}/bin/")).Succeeded();
        return Directory.GetFiles(folder, "*.nupkg").Single();
    }
}
