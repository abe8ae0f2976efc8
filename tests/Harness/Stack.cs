using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Serverless.Templates.Tests;

/// <summary>The CloudFormation template of a service, as <c>osls package</c> compiles it.</summary>
public sealed class Stack
{
    private static readonly ConcurrentDictionary<(string, string), Lazy<Task<Stack>>> Compiled = new();

    private Stack(GeneratedService service, string path)
    {
        Service = service;
        Path = path;
        Json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
    }

    /// <summary>The service.</summary>
    public GeneratedService Service { get; }

    /// <summary>The path of the template.</summary>
    public string Path { get; }

    /// <summary>The template.</summary>
    public JsonObject Json { get; }

    /// <summary>Its resources, by logical id.</summary>
    public IEnumerable<(string Name, JsonObject Resource)> Resources => Json["Resources"]!.AsObject().Select(resource => (resource.Key, resource.Value!.AsObject()));

    /// <summary>The value that the service has for an option.</summary>
    public string this[string option] => Service.Options[Service.Template, option];

    /// <summary>The stack of the service with the usual name, compiled once. Its zip holds nothing that runs.</summary>
    public static Task<Stack> ShareAsync(Template template, Options options) =>
        Compiled.GetOrAdd((template.ShortName, options.ToString()), _ => new(async () =>
        {
            var service = await GeneratedService.ShareAsync(template, options);
            WriteZip(service);
            return await CompileAsync(service);
        })).Value;

    /// <summary>Puts a zip where the service's own build would, for those who ask only what is deployed around it.</summary>
    public static void WriteZip(GeneratedService service) => WriteZip(service.Folder);

    /// <inheritdoc cref="WriteZip(GeneratedService)"/>
    public static void WriteZip(string folder)
    {
        var artifacts = Directory.CreateDirectory(System.IO.Path.Combine(folder, "artifacts"));
        // Several tests of one service write it.
        using var file = File.Create(System.IO.Path.Combine(artifacts.FullName, "service.zip"));
        using var zip = new ZipArchive(file, ZipArchiveMode.Create);
        zip.CreateEntry("bootstrap");
    }

    /// <summary>Compiles the stack of a service whose zip is there.</summary>
    public static async Task<Stack> CompileAsync(GeneratedService service, params string[] arguments)
    {
        (await RunOslsAsync(service, ["package", .. arguments])).Succeeded();
        return new Stack(service, service.PathOf(".serverless/cloudformation-template-update-stack.json"));
    }

    /// <summary>Runs osls in the folder of a service.</summary>
    /// <param name="aws">Where AWS is; none given: nowhere.</param>
    /// <param name="isKept">Whether the process may be that which is kept; otherwise it is one of its own.</param>
    public static async Task<Command> RunOslsAsync(GeneratedService service, IEnumerable<string> arguments, Uri? aws = null, bool isKept = true)
    {
        await NodeModules.LinkAsync(service);
        var variables = new Dictionary<string, string?>(OfflineVariables) { ["AWS_ENDPOINT_URL"] = aws?.ToString() };
        return await Command.Run(Command.PathOf("node"), [isKept ? service.PathOf("node_modules/osls/bin/serverless.js") : Osls.OwnProgram(service.PathOf("node_modules")), .. arguments], service.Folder, variables, TimeSpan.FromMinutes(2));
    }

    /// <summary>The resources of a type, by logical id.</summary>
    public IEnumerable<(string Name, JsonObject Properties)> OfType(string type) =>
        Resources.Where(resource => (string?)resource.Resource["Type"] == type).Select(resource => (resource.Name, resource.Resource["Properties"]?.AsObject() ?? []));

    /// <summary>The properties of the one resource of a type.</summary>
    public JsonObject Single(string type) => OfType(type).Single().Properties;

    /// <summary>Every object anywhere below a node, the node itself among them.</summary>
    public static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member => Objects(member.Value)).Prepend(members),
        JsonArray items => items.SelectMany(Objects),
        _ => [],
    };

    /// <summary>The texts of a member that may be one text or a list of them.</summary>
    public static IEnumerable<string> Texts(JsonNode? node) => node switch
    {
        JsonArray items => items.SelectMany(Texts),
        JsonValue value => [value.ToString()],
        _ => [],
    };

    /// <summary>No account, no telemetry, nothing asked of anybody.</summary>
    internal static Dictionary<string, string?> OfflineVariables { get; } = new()
    {
        ["SLS_TELEMETRY_DISABLED"] = "1",
        ["SLS_NOTIFICATIONS_MODE"] = "off",
        ["AWS_ACCESS_KEY_ID"] = "none",
        ["AWS_SECRET_ACCESS_KEY"] = "none",
        ["AWS_EC2_METADATA_DISABLED"] = "true",
        ["AWS_PROFILE"] = null,
        ["AWS_REGION"] = null,
        ["AWS_DEFAULT_REGION"] = null,
        ["NO_COLOR"] = "1",
    };
}
