namespace Serverless.Templates.Tests;

/// <summary>
/// The C# compiler of this run: a process that the first build starts and the others use, because a compiler that starts takes longer than
/// most of the projects take it.
/// </summary>
public static class Compiler
{
    /// <summary>By which the builds of this run find it, and no others do. The compiler takes it for the name of a pipe.</summary>
    public static string Id { get; } = $"serverless-templates-{Guid.NewGuid():n}"[..40];

    /// <summary>Ends it, if it runs.</summary>
    public static async Task StopAsync()
    {
        var folder = TestRun.NewFolder("compiler");
        var project = Path.Combine(folder, "stop.proj");
        await File.WriteAllTextAsync(project, """
            <Project>
              <Target Name="StopCompiler">
                <Exec Command="&quot;$(MSBuildToolsPath)/Roslyn/bincore/VBCSCompiler&quot; -shutdown -pipename:$(SharedCompilationId)" ContinueOnError="true" StandardOutputImportance="low" />
              </Target>
            </Project>
            """);
        await Command.Dotnet(folder, "msbuild", project, "-nologo", "-verbosity:quiet");
        // Where a pipe is a file, it stays.
        File.Delete(Path.Combine(Path.GetTempPath(), Id));
    }
}
