using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
using System.Text.Json.Nodes;
using Xunit;

namespace Serverless.Testing;

/// <summary>The CloudFormation that would be deployed: packaged offline, from a copy, with an empty zip.</summary>
public sealed class Deployment
{
    /// <summary>The forwarder that the tests name.</summary>
    public const string ForwarderArn = "arn:aws:lambda:eu-west-1:123456789012:function:log-forwarder";

    private static readonly string[] Files = ["serverless.yml", "package.json", "cors.json"];

    // The shared scripts are in the service's folder, or beside it in a venture.
    private static readonly string[] Folders =
    [
        "resources", "handlers",
        .. new[] { "deployment", "handlers" }.SelectMany(folder => new[] { Path.Combine("shared", folder), Path.Combine("..", "shared", folder) }),
    ];

    private readonly JsonObject template;

    private Deployment(JsonObject template)
    {
        this.template = template;
        Resources = template[nameof(Resources)]!.AsObject();
    }

    /// <summary>The folder of serverless.yml: the metadata <c>ServiceFolder</c> of the project whose tests run.</summary>
    public static string ServiceFolder { get; } = Path.GetFullPath(
        Assembly.GetEntryAssembly()!.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "ServiceFolder").Value!);

    // As Node.js finds it: in node_modules of the service's folder, or of one above it.
    private static string? Osls { get; } = FoldersFrom(ServiceFolder).Select(folder => Path.Combine(folder, "node_modules", "osls")).FirstOrDefault(Directory.Exists);

    /// <summary>The resources, by their logical ids.</summary>
    public JsonObject Resources { get; }

    /// <summary>The properties of a resource.</summary>
    public JsonNode this[string id] => Resources[id]!["Properties"]!;

    /// <summary>The properties of the resources of a type, by their logical ids.</summary>
    public IEnumerable<KeyValuePair<string, JsonNode>> Of(string type) =>
        Resources.Where(resource => (string)resource.Value!["Type"]! == type).Select(resource => KeyValuePair.Create(resource.Key, resource.Value!["Properties"]!));

    /// <summary>The name in Parameter Store of what a parameter of the stack takes its value from, at every deployment anew.</summary>
    public string ParameterStorePath(string id)
    {
        var parameter = template["Parameters"]![id]!;
        Assert.Equal("AWS::SSM::Parameter::Value<String>", (string?)parameter["Type"]);
        return (string)parameter["Default"]!;
    }

    /// <summary>Skips the test unless <c>npm install</c> has been run. In a pipeline, where <c>CI</c> is set, the test fails instead.</summary>
    public static void SkipWithoutPackages()
    {
        const string Missing = "osls is not installed. Run npm install.";
        if (Osls is null && Environment.GetEnvironmentVariable("CI") is { Length: > 0 } and not "false")
            Assert.Fail(Missing);
        Assert.SkipWhen(Osls is null, Missing);
    }

    /// <summary>Packages the service, as <c>osls package</c> with these arguments does.</summary>
    public static async Task<Deployment> PackageAsync(params string[] arguments)
    {
        // Below the service's folder, so that Node.js finds its packages.
        var root = Directory.CreateDirectory(Path.Combine(ServiceFolder, "artifacts", $"stack-{Guid.NewGuid():n}"));
        try
        {
            var folder = root.CreateSubdirectory("service");
            foreach (var file in Files.Where(file => File.Exists(Path.Combine(ServiceFolder, file))))
                File.Copy(Path.Combine(ServiceFolder, file), Path.Combine(folder.FullName, file));
            foreach (var file in Folders.Select(name => Path.Combine(ServiceFolder, name)).Where(Directory.Exists).SelectMany(path => Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)))
            {
                var copy = Path.Combine(folder.FullName, Path.GetRelativePath(ServiceFolder, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }

            ZipFile.CreateFromDirectory(folder.CreateSubdirectory("empty").FullName, Path.Combine(folder.CreateSubdirectory("artifacts").FullName, "service.zip"));

            using var process = new Process
            {
                StartInfo = new ProcessStartInfo("node", [Path.Combine(Osls!, "bin", "serverless.js"), "package", .. arguments])
                {
                    WorkingDirectory = folder.FullName,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                },
            };
            process.Start();
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, $"osls package: {await output}{await error}");
            Assert.DoesNotContain("warning", await error, StringComparison.OrdinalIgnoreCase);
            var template = Path.Combine(folder.FullName, ".serverless", "cloudformation-template-update-stack.json");
            return new Deployment(JsonNode.Parse(await File.ReadAllTextAsync(template))!.AsObject());
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static IEnumerable<string> FoldersFrom(string folder)
    {
        for (var current = new DirectoryInfo(folder); current is not null; current = current.Parent)
            yield return current.FullName;
    }

    /// <summary>The resources that what is here has to wait for.</summary>
    public IEnumerable<string> Needs(JsonNode? node) => node switch
    {
        JsonArray array => array.SelectMany(Needs),
        JsonObject inner => inner.SelectMany(member => (member.Key, member.Value) switch
        {
            ("Ref", JsonValue parameter) when template["Parameters"]?[parameter.ToString()] is not null => [],
            ("Ref" or "DependsOn", JsonValue id) => [id.ToString()],
            ("DependsOn", JsonArray ids) => ids.Select(id => id!.ToString()),
            ("Fn::GetAtt", JsonArray path) => [path[0]!.ToString()],
            ("Fn::GetAtt", JsonValue path) => [path.ToString().Split('.')[0]],
            ("Fn::Sub", var text) => Resources.Select(resource => resource.Key).Where(id =>
                text!.ToJsonString() is var sub && (sub.Contains($"${{{id}}}", StringComparison.Ordinal) || sub.Contains($"${{{id}.", StringComparison.Ordinal))),
            var (_, value) => Needs(value),
        }),
        _ => [],
    };
}
