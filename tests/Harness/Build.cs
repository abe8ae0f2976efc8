using System.Text.RegularExpressions;

namespace Serverless.Templates.Tests;

/// <summary>Many services built by one MSBuild, with a compiler that stays for all of them and no longer.</summary>
/// <param name="Output">What MSBuild said: errors and warnings.</param>
public sealed partial record Build(string Output)
{
    /// <summary>Restores and builds every project of the services, going on past a failure.</summary>
    /// <param name="services">Their folders are told apart in the messages.</param>
    /// <param name="properties">Properties of all the projects, such as <c>TargetFramework=net9.0</c>.</param>
    public static async Task<Build> RunAsync(IEnumerable<GeneratedService> services, params string[] properties)
    {
        var folder = TestRun.NewFolder("builds");
        var project = Path.Combine(folder, "all.proj");
        await File.WriteAllTextAsync(project, $"""
            <Project DefaultTargets="BuildAll">
              <PropertyGroup>
                <RestoreGraphProjectInput>{string.Join(';', services.SelectMany(service => service.Projects).Select(Escape))}</RestoreGraphProjectInput>
              </PropertyGroup>
              <ItemGroup>
                <ServiceProject Include="$(RestoreGraphProjectInput)" />
              </ItemGroup>
              <Target Name="BuildAll">
                <MSBuild Projects="@(ServiceProject)" Targets="Build" BuildInParallel="true" ContinueOnError="true" />
              </Target>
              <Target Name="StopCompiler">
                <Exec Command="&quot;$(MSBuildToolsPath)/Roslyn/bincore/VBCSCompiler&quot; -shutdown -pipename:$(SharedCompilationId)" ContinueOnError="true" StandardOutputImportance="low" />
              </Target>
              <Import Project="$(MSBuildToolsPath)/NuGet.targets" />
            </Project>
            """);

        string[] common = ["-nologo", "-nodeReuse:false", "-maxcpucount:2", "-verbosity:quiet", "-property:UseSharedCompilation=true", $"-property:SharedCompilationId={Path.GetFileName(folder)}", .. properties.Select(property => $"-property:{property}")];
        try
        {
            var restore = await MSBuildAsync("-target:Restore");
            var build = await MSBuildAsync("-target:BuildAll");
            return new Build(restore.Output + build.Output);
        }
        finally
        {
            await MSBuildAsync("-target:StopCompiler");
        }

        Task<Command> MSBuildAsync(string target) =>
            Command.Run(Command.DotnetHost, ["msbuild", project, target, .. common], folder, limit: TimeSpan.FromMinutes(20));
    }

    /// <summary>The errors and warnings that concern a folder or all of them at once, but for the one that a stand-in causes.</summary>
    public IEnumerable<string> Faults(string folder) =>
        Output.Split('\n').Where(line => (line.Contains(folder, StringComparison.Ordinal) || line.TrimEnd().EndsWith("all.proj]", StringComparison.Ordinal)) && Message().IsMatch(line) && !line.Contains("NU1603", StringComparison.Ordinal)).Distinct();

    /// <summary>Whether a project has come to an assembly.</summary>
    public static bool HasBuilt(string project) =>
        Path.Combine(Path.GetDirectoryName(project)!, "bin") is var folder && Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.dll", SearchOption.AllDirectories).Any();

    // MSBuild's own signs, and XML's.
    private static string Escape(string path) =>
        string.Concat(path.Select(c => "%$@'();?*".Contains(c) ? $"%{(int)c:X2}" : c is '&' or '<' or '>' or '"' or < ' ' ? $"&#{(int)c};" : $"{c}"));

    [GeneratedRegex(@"\b(error|warning)\b")]
    private static partial Regex Message();
}
