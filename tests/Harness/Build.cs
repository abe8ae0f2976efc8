using System.Text.RegularExpressions;

namespace Serverless.Templates.Tests;

/// <summary>
/// Many services built by one MSBuild. Services whose shared/ holds the same sources are built against one of
/// these folders, as the services of a venture are.
/// </summary>
public sealed partial class Build
{
    private readonly Dictionary<GeneratedService, GeneratedService> sharing = [];
    private readonly Dictionary<GeneratedService, string> restores = [];
    private string output = "";

    private Build()
    {
    }

    /// <summary>Restores and builds every project of the services in one process of MSBuild, going on past a failure.</summary>
    /// <param name="services">Their folders are told apart in the messages.</param>
    /// <param name="properties">Properties of all the projects, such as <c>RunAnalyzers=false</c>.</param>
    public static async Task<Build> RunAsync(IEnumerable<GeneratedService> services, params string[] properties)
    {
        var build = new Build();
        var folder = TestRun.NewFolder("builds");
        var restored = new List<string>();
        var built = new List<string>();
        foreach (var (i, alike) in services.GroupBy(service => service.Fingerprint(file => (GeneratedService.IsShared(file) && GeneratedService.IsSource(file)) || IsOfEveryProject().IsMatch(file))).Select(group => group.ToArray()).Index())
        {
            foreach (var service in alike)
                build.sharing.Add(service, alike[0]);
            var projects = alike.SelectMany(service => service.Projects.Where(project => service == alike[0] || !IsShared(service, project))).Select(Escape).ToList();
            var shared = $"Shared={Escape(alike[0].PathOf("shared/"))}";
            var restore = Path.Combine(folder, $"restore{i}.proj");
            foreach (var service in alike)
                build.restores.Add(service, restore);
            await File.WriteAllTextAsync(restore, $"""
                <Project>
                  <PropertyGroup>
                    <RestoreGraphProjectInput>{string.Join(';', projects)}</RestoreGraphProjectInput>
                  </PropertyGroup>
                  <Import Project="$(MSBuildToolsPath)/NuGet.targets" />
                </Project>
                """);
            // What is read before a restore is not what is read after it: the property tells them apart, as -restore of the command line does.
            restored.Add($"""<Restore Include="{restore}" AdditionalProperties="{shared};MSBuildRestoreSessionId={i}" />""");
            built.AddRange(projects.Select(project => $"""<ServiceProject Include="{project}" AdditionalProperties="{shared}" />"""));
        }
        var all = Path.Combine(folder, "all.proj");
        await File.WriteAllTextAsync(all, $"""
            <Project>
              <ItemGroup>
                {string.Join(Environment.NewLine, restored.Concat(built))}
              </ItemGroup>
              <Target Name="All">
                <MSBuild Projects="@(Restore)" Targets="Restore" ContinueOnError="true" />
                <MSBuild Projects="@(ServiceProject)" Targets="Build" BuildInParallel="true" ContinueOnError="true" />
              </Target>
            </Project>
            """);
        string[] arguments = [all, "-nologo", "-nodeReuse:false", "-maxcpucount:2", "-verbosity:quiet", .. properties.Select(property => $"-property:{property}")];
        build.output = (await Command.Run(Command.DotnetHost, ["msbuild", .. arguments], folder, limit: TimeSpan.FromMinutes(20))).Output;
        return build;
    }

    /// <summary>The service whose shared/ a service was built against: itself, or another with the same bytes there.</summary>
    public GeneratedService SharedOf(GeneratedService service) => sharing[service];

    /// <summary>The errors and warnings of a service's build, but for the one that a stand-in causes, and the projects that were not built.</summary>
    public IEnumerable<string> Faults(GeneratedService service)
    {
        var shared = sharing[service];
        var projects = service.Projects.Where(project => !IsShared(service, project)).Concat(shared.Projects.Where(project => IsShared(shared, project)));
        return output.Split('\n')
            .Where(line => line.Contains(service.Folder, StringComparison.Ordinal) || line.Contains(shared.PathOf("shared"), StringComparison.Ordinal) || line.Contains(restores[service], StringComparison.Ordinal))
            .Where(line => Message().IsMatch(line) && !line.Contains("NU1603", StringComparison.Ordinal)).Distinct()
            .Concat(projects.Where(project => !HasBuilt(project)).Select(project => $"{project} was not built"));
    }

    /// <summary>Whether a project has come to an assembly.</summary>
    public static bool HasBuilt(string project) =>
        Path.Combine(Path.GetDirectoryName(project)!, "bin") is var folder && Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.dll", SearchOption.AllDirectories).Any();

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
