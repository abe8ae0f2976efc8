using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>What <c>dotnet new</c> has made of a template, in a folder outside the repository.</summary>
public sealed partial class GeneratedService
{
    /// <summary>The name of most services here.</summary>
    public const string UsualName = "Acme.Example";

    private static readonly ConcurrentDictionary<(string, string), Lazy<Task<GeneratedService>>> Shared = new();

    private GeneratedService(Template template, string name, Options options, string parent, string folder)
    {
        CreatedIn = Path.Combine(parent, "here");
        Template = template;
        Name = name;
        Options = options;
        Folder = folder;
        Files = [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/')).Order(StringComparer.Ordinal)];
        ProjectName = Files.Where(file => template.IsVenture ? file.EndsWith(".slnx", StringComparison.Ordinal) : ProjectOfService().IsMatch(file)).Select(Path.GetFileNameWithoutExtension).SingleOrDefault() ?? name;
    }

    /// <summary>The template.</summary>
    public Template Template { get; }

    /// <summary>The name given, which is also the folder's.</summary>
    public string Name { get; }

    /// <summary>The options given.</summary>
    public Options Options { get; }

    /// <summary>The folder that the command ran in.</summary>
    public string CreatedIn { get; }

    /// <summary>Where it is.</summary>
    public string Folder { get; }

    /// <summary>The files as generated, relative to the folder, with forward slashes.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>What the name has become: the name of the projects, and of the solution. What is added to a service has none of its own.</summary>
    public string ProjectName { get; }

    /// <summary>The project that is the service.</summary>
    public string Project => PathOf($"src/{ProjectName}/{ProjectName}.csproj");

    /// <summary>The project that holds its tests.</summary>
    public string TestProject => PathOf($"tests/{ProjectName}.Tests/{ProjectName}.Tests.csproj");

    /// <summary>Every project of the solution.</summary>
    public IEnumerable<string> Projects => Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)).Select(PathOf);

    /// <summary>Generates a service for the caller alone.</summary>
    /// <param name="arguments">Further arguments of the command, such as <c>--output=here</c>.</param>
    public static async Task<GeneratedService> CreateAsync(Template template, string name, Options options, params string[] arguments)
    {
        var parent = TestRun.NewFolder("services");
        (await CommandAsync(template, name, options, parent, arguments)).Succeeded();
        return Read(template, name, options, parent);
    }

    /// <summary>Finds the service that <see cref="CommandAsync"/> has made.</summary>
    public static GeneratedService Read(Template template, string name, Options options, string parent) =>
        new(template, name, options, parent, (template.IsService ? "serverless.yml" : template.IsVenture ? "*.slnx" : null) is { } mark ? Path.GetDirectoryName(Directory.GetFiles(parent, mark, SearchOption.AllDirectories).Single())! : Path.Combine(parent, "here"));

    /// <summary>Generates a service with the usual name, once for all who read it. Nobody writes to it.</summary>
    public static Task<GeneratedService> ShareAsync(Template template, Options options) =>
        Shared.GetOrAdd((template.ShortName, options.ToString()), _ => new(() => CreateAsync(template, UsualName, options))).Value;

    /// <summary>Runs the command that makes a service.</summary>
    /// <param name="parent">An empty folder. The command runs in one below it, because the name may be two dots.</param>
    public static Task<Command> CommandAsync(Template template, string name, Options options, string parent, params string[] arguments) =>
        TemplateHive.NewAsync(Directory.CreateDirectory(Path.Combine(parent, "here")).FullName, [template.ShortName, $"--name={name}", .. options.Arguments, .. arguments, "--no-update-check"]);

    /// <summary>
    /// Runs the tests of a project that is built; one that fails or is skipped fails the caller's. Without <c>dotnet test</c>, which asks
    /// MSBuild and starts a host to come to the same.
    /// </summary>
    /// <param name="project">The path of the project.</param>
    /// <param name="filters">Which tests, as <see cref="RunTestsAsync"/> has it; none: all.</param>
    /// <param name="variables">Variables of the tests' process beside <see cref="Command.Variables"/>.</param>
    public async Task PassTestsAsync(string project, IEnumerable<string>? filters = null, IReadOnlyDictionary<string, string?>? variables = null) =>
        Assert.Matches(@"Total: [1-9]\d*, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0", (await RunTestsAsync(project, filters, variables)).Succeeded().Output);

    /// <summary>Runs the tests of a project that is built.</summary>
    /// <param name="project">The path of the project.</param>
    /// <param name="filters">xUnit's own: <c>-class *.SettingsTests</c> those of a class, <c>-class-</c> and <c>-method-</c> not these; none: all.</param>
    /// <param name="variables">Variables of the tests' process beside <see cref="Command.Variables"/>.</param>
    /// <param name="failsSkips">Whether a test that is skipped counts as failed.</param>
    public Task<Command> RunTestsAsync(string project, IEnumerable<string>? filters = null, IReadOnlyDictionary<string, string?>? variables = null, bool failsSkips = true)
    {
        var assembly = Directory.GetFiles(Path.Combine(Path.GetDirectoryName(project)!, "bin", "Debug"), Path.GetFileNameWithoutExtension(project) + ".dll", SearchOption.AllDirectories).Single();
        return Command.Run(Command.DotnetHost, ["exec", assembly, "-noColor", failsSkips ? "-failSkips" : "-failSkips-", .. (filters ?? []).SelectMany(filter => filter.Split(' '))], Folder, variables);
    }

    /// <summary>The full path of a file.</summary>
    public string PathOf(string file) => Path.Combine(Folder, file);

    /// <summary>The text of a file.</summary>
    public string Read(string file) => File.ReadAllText(PathOf(file));

    /// <summary>A number that two services share when the same files hold the same bytes in both.</summary>
    /// <param name="counts">Which files, by their path in the service.</param>
    public string Fingerprint(Predicate<string> counts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Files.Where(file => counts(file)))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file + '\0'));
            hash.AppendData(File.ReadAllBytes(PathOf(file)));
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Whether the compiler is given a file.</summary>
    public static bool IsSource(string file) => Source().IsMatch(file);

    /// <summary>Whether a file is of the projects that every service has, under <c>shared/</c>.</summary>
    public static bool IsShared(string file) => file.StartsWith("shared/", StringComparison.Ordinal);

    [GeneratedRegex(@"^src/[^/]+(?<!\.Host)/[^/]+\.csproj$")]
    private static partial Regex ProjectOfService();

    [GeneratedRegex(@"\.(cs|csproj|props|targets|slnx|editorconfig)$")]
    private static partial Regex Source();
}
