using System.Text;
using System.Text.RegularExpressions;

namespace Serverless.Templates.Tests;

/// <summary>
/// Many services built by one MSBuild after the other. Services whose shared/ holds the same bytes are built against one of these
/// folders, as the services of a venture are.
/// </summary>
public sealed partial class Build
{
    private readonly Dictionary<GeneratedService, GeneratedService> sharing = [];
    private readonly StringBuilder output = new();

    private Build()
    {
    }

    /// <summary>Restores and builds every project of the services, going on past a failure.</summary>
    /// <param name="services">Their folders are told apart in the messages.</param>
    /// <param name="properties">Properties of all the projects, such as <c>RunAnalyzers=false</c>.</param>
    public static async Task<Build> RunAsync(IEnumerable<GeneratedService> services, params string[] properties)
    {
        var build = new Build();
        foreach (var alike in services.GroupBy(service => service.Fingerprint(file => GeneratedService.IsShared(file) || IsOfEveryProject().IsMatch(file))))
            await build.AddAsync([.. alike], properties);
        return build;
    }

    /// <summary>The service whose shared/ a service was built against: itself, or another with the same bytes there.</summary>
    public GeneratedService SharedOf(GeneratedService service) => sharing[service];

    /// <summary>The errors and warnings of a service's build, but for the one that a stand-in causes, and the projects that were not built.</summary>
    public IEnumerable<string> Faults(GeneratedService service)
    {
        var shared = sharing[service];
        var projects = service.Projects.Where(project => !IsShared(service, project)).Concat(shared.Projects.Where(project => IsShared(shared, project)));
        return output.ToString().Split('\n')
            .Where(line => line.Contains(service.Folder, StringComparison.Ordinal) || line.Contains(shared.PathOf("shared"), StringComparison.Ordinal) || line.TrimEnd().EndsWith("all.proj]", StringComparison.Ordinal))
            .Where(line => Message().IsMatch(line) && !line.Contains("NU1603", StringComparison.Ordinal)).Distinct()
            .Concat(projects.Where(project => !HasBuilt(project)).Select(project => $"{project} was not built"));
    }

    /// <summary>Whether a project has come to an assembly.</summary>
    public static bool HasBuilt(string project) =>
        Path.Combine(Path.GetDirectoryName(project)!, "bin") is var folder && Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.dll", SearchOption.AllDirectories).Any();

    private async Task AddAsync(GeneratedService[] alike, string[] properties)
    {
        foreach (var service in alike)
            sharing.Add(service, alike[0]);
        var projects = alike.SelectMany(service => service.Projects.Where(project => service == alike[0] || !IsShared(service, project)));
        var all = $"""
            <Project DefaultTargets="BuildAll">
              <PropertyGroup>
                <RestoreGraphProjectInput>{string.Join(';', projects.Select(Escape))}</RestoreGraphProjectInput>
              </PropertyGroup>
              <ItemGroup>
                <ServiceProject Include="$(RestoreGraphProjectInput)" />
              </ItemGroup>
              <Target Name="BuildAll">
                <MSBuild Projects="@(ServiceProject)" Targets="Build" BuildInParallel="true" ContinueOnError="true" />
              </Target>
              <Import Project="$(MSBuildToolsPath)/NuGet.targets" />
            </Project>
            """;
        string[] given = [.. properties.Append($"Shared={alike[0].PathOf("shared/")}").Select(property => $"-property:{property}")];
        foreach (var target in new[] { "Restore", "BuildAll" })
            output.Append((await MSBuildAsync(all, [$"-target:{target}", .. given])).Output);
    }

    private static async Task<Command> MSBuildAsync(string project, params string[] arguments)
    {
        var folder = TestRun.NewFolder("builds");
        var path = Path.Combine(folder, "all.proj");
        await File.WriteAllTextAsync(path, project);
        string[] common = ["-nologo", "-nodeReuse:false", "-maxcpucount:2", "-verbosity:quiet"];
        return await Command.Run(Command.DotnetHost, ["msbuild", path, .. common, .. arguments], folder, limit: TimeSpan.FromMinutes(20));
    }

    private static bool IsShared(GeneratedService service, string project) =>
        GeneratedService.IsShared(Path.GetRelativePath(service.Folder, project).Replace('\\', '/'));

    // MSBuild's own signs, and XML's.
    private static string Escape(string path) =>
        string.Concat(path.Select(c => "%$@'();?*".Contains(c) ? $"%{(int)c:X2}" : c is '&' or '<' or '>' or '"' or < ' ' ? $"&#{(int)c};" : $"{c}"));

    [GeneratedRegex(@"^(Directory\.Build\.\w+|\.editorconfig)$")]
    private static partial Regex IsOfEveryProject();

    [GeneratedRegex(@"\b(error|warning)\b")]
    private static partial Regex Message();
}
