using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Company.Auth._1.Tests.Deployment;

/// <summary>The CloudFormation that would be deployed: packaged offline, from a copy, with an empty zip.</summary>
internal sealed class Stack
{
    private Stack(JsonObject template) => Resources = template[nameof(Resources)]!.AsObject();

    /// <summary>The resources, by their logical ids.</summary>
    public JsonObject Resources { get; }

    /// <summary>The resources of a type.</summary>
    public IEnumerable<KeyValuePair<string, JsonNode>> Of(string type) =>
        Resources.Where(resource => (string)resource.Value!["Type"]! == type).Select(resource => KeyValuePair.Create(resource.Key, resource.Value!));

    /// <summary>Packages the service, as <c>osls package</c> with these arguments does.</summary>
    public static async Task<Stack> PackageAsync(params string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("stack-");
        try
        {
            foreach (var file in (string[])["serverless.yml", "cors.json", "package.json"])
                File.Copy(Path.Combine(LocalServices.ServiceFolder, file), Path.Combine(folder.FullName, file));
            var resources = folder.CreateSubdirectory("resources").FullName;
            foreach (var file in Directory.EnumerateFiles(Path.Combine(LocalServices.ServiceFolder, "resources")))
                File.Copy(file, Path.Combine(resources, Path.GetFileName(file)));
            foreach (var file in Directory.EnumerateFiles(Path.Combine(LocalServices.ServiceFolder, "handlers"), "*", SearchOption.AllDirectories))
            {
                var copy = Path.Combine(folder.FullName, Path.GetRelativePath(LocalServices.ServiceFolder, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }

            Directory.CreateSymbolicLink(Path.Combine(folder.FullName, "node_modules"), Path.Combine(LocalServices.ServiceFolder, "node_modules"));
            ZipFile.CreateFromDirectory(folder.CreateSubdirectory("empty").FullName, Path.Combine(folder.CreateSubdirectory("artifacts").FullName, "service.zip"));

            using var process = new Process
            {
                StartInfo = new ProcessStartInfo("node", [Path.Combine("node_modules", "osls", "bin", "serverless.js"), "package", .. arguments])
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
            return new Stack(JsonNode.Parse(await File.ReadAllTextAsync(template))!.AsObject());
        }
        finally
        {
            // The link first: what it leads to is not the test's to delete.
            Directory.Delete(Path.Combine(folder.FullName, "node_modules"));
            folder.Delete(recursive: true);
        }
    }
}
