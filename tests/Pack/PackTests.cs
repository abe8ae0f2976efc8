using System.IO.Compression;
using System.Xml.Linq;
using Xunit;

namespace Serverless.Templates.Tests;

public sealed class PackTests
{
    public static TheoryData<string> ShortNames => [.. Template.All.Select(template => template.ShortName)];

    [Fact]
    public async Task Says_what_it_is_and_where_it_comes_from()
    {
        using var package = ZipFile.OpenRead(await Pack.Package);
        var metadata = await ReadMetadataAsync(package);

        Assert.Equal("Template", Find("packageType").Attribute("name")!.Value);
        Assert.Equal("Serverless.Templates", Find("id").Value);
        Assert.Equal("README.md", Find("readme").Value);
        Assert.Equal("icon.png", Find("icon").Value);
        Assert.Equal("MIT", Find("license").Value);
        Assert.Equal("expression", Find("license").Attribute("type")!.Value);
        Assert.NotEmpty(Find("description").Value);
        Assert.NotEmpty(Find("projectUrl").Value);
        Assert.NotEmpty(Find("releaseNotes").Value);
        Assert.Equal("git", Find("repository").Attribute("type")!.Value);
        Assert.StartsWith("https://", Find("repository").Attribute("url")!.Value, StringComparison.Ordinal);
        Assert.Superset(new HashSet<string> { "dotnet-new", "templates", "aws", "lambda", "serverless" }, Find("tags").Value.Split(' ').ToHashSet());
        Assert.DoesNotContain(metadata.Descendants(), element => element.Name.LocalName == "dependency");

        XElement Find(string name) => metadata.Descendants().Single(element => element.Name.LocalName == name);
    }

    [Fact]
    public async Task Holds_the_templates_and_nothing_else()
    {
        using var package = ZipFile.OpenRead(await Pack.Package);
        var files = package.Entries.Select(entry => Uri.UnescapeDataString(entry.FullName)).ToList();

        Assert.Equal(
            ["README.md", "Serverless.Templates.nuspec", "[Content_Types].xml", "_rels/.rels", "icon.png"],
            files.Where(file => !file.StartsWith("content/", StringComparison.Ordinal) && !file.StartsWith("package/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        var folders = Template.All.Select(template => Path.GetFileName(template.Folder)).Append("shared");
        Assert.Equal(folders.Order(StringComparer.Ordinal), files.Where(file => file.StartsWith("content/", StringComparison.Ordinal)).Select(file => file.Split('/')[1]).Distinct().Order(StringComparer.Ordinal));
        string[] strangers = ["bin", "obj", "artifacts", "node_modules", ".serverless", "TestResults", "stand-ins", "Snapshots", ".vs", ".idea"];
        Assert.DoesNotContain(files, file => file.Split('/').Intersect(strangers).Any());
        Assert.DoesNotContain(files, file => file.EndsWith(".user", StringComparison.Ordinal) || file.EndsWith(".dll", StringComparison.Ordinal) || file.EndsWith(".nupkg", StringComparison.Ordinal));
        Assert.DoesNotContain("content/Directory.Build.props", files);
        Assert.DoesNotContain("content/Directory.Build.targets", files);
    }

    [Fact]
    public async Task Holds_every_file_of_the_templates_with_its_bytes()
    {
        using var package = ZipFile.OpenRead(await Pack.Package);
        string[] built = ["bin", "obj", "artifacts", "node_modules", ".serverless", "TestResults"];

        foreach (var path in Directory.GetDirectories(Repository.PathOf("templates")).SelectMany(folder => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)))
        {
            var name = Path.GetRelativePath(Repository.PathOf("templates"), path).Replace('\\', '/');
            if (name.Split('/').Intersect(built).Any() || name.EndsWith(".user", StringComparison.Ordinal))
                continue;
            var entry = package.Entries.SingleOrDefault(entry => Uri.UnescapeDataString(entry.FullName) == $"content/{name}");
            Assert.True(entry is not null, $"{name} is not in the package");
            await using var content = await entry.OpenAsync();
            using var bytes = new MemoryStream();
            await content.CopyToAsync(bytes);
            var expected = await File.ReadAllBytesAsync(path);
            Assert.True(bytes.ToArray().SequenceEqual(expected), $"{name} is another in the package");
        }
    }

    [Fact]
    public async Task Keeps_the_files_whose_names_begin_with_a_dot()
    {
        using var package = ZipFile.OpenRead(await Pack.Package);
        var files = package.Entries.Select(entry => Uri.UnescapeDataString(entry.FullName)).ToList();

        Assert.Contains("content/shared/service/.gitignore", files);
        Assert.Contains("content/shared/service/.editorconfig", files);
        Assert.Contains(files, file => file.StartsWith("content/shared/service/.github/workflows/", StringComparison.Ordinal));
        Assert.All(Template.All, template => Assert.Contains($"content/{Path.GetFileName(template.Folder)}/.template.config/template.json", files));
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public async Task Lists_the_template(string shortName)
    {
        var list = (await TemplateHive.UseAsync(engine => engine.NewInProcessOfItsOwnAsync(TestRun.Folder("list"), ["list", shortName, "--columns-all"]))).Succeeded();

        Assert.Contains(list.Output.Split('\n'), line => line.Contains($" {shortName} ", StringComparison.Ordinal) && line.Contains("[C#]", StringComparison.Ordinal) && line.Contains((string)Template.Named(shortName).Json["tags"]!["type"]!, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public async Task Refuses_an_option_it_does_not_have(string shortName)
    {
        var parent = TestRun.NewFolder("refused");

        var command = await TemplateHive.UseAsync(engine => engine.NewInProcessOfItsOwnAsync(parent, [shortName, "-n", "Acme", "--destnation", "splunk"]));

        Assert.Equal(127, command.ExitCode);
        Assert.Contains("--destnation", command.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(parent));
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public async Task Refuses_a_value_that_is_no_choice_and_lists_the_choices(string shortName)
    {
        foreach (var option in Template.Named(shortName).Options.Where(option => option.Choices.Count > 0 && option.Choices[0] != "true"))
        {
            var parent = TestRun.NewFolder("refused");

            var command = await TemplateHive.NewAsync(parent, shortName, "-n", "Acme", $"--{option.Name}", "no-such-value");

            Assert.Equal(127, command.ExitCode);
            Assert.All(option.Choices, choice => Assert.Contains(choice, command.Output, StringComparison.Ordinal));
            Assert.Empty(Directory.GetFileSystemEntries(parent));
        }
    }

    // The registry of a test machine may lack the real packages; nothing else would notice another version.
    [Fact]
    public void Names_the_version_of_the_serializer_that_builds_without_a_warning_and_of_every_package_that_is_stood_in_for()
    {
        var named = Directory.GetFiles(Repository.PathOf("templates"), "*.csproj", SearchOption.AllDirectories)
            .SelectMany(path => XDocument.Load(path).Descendants("PackageReference"))
            .Select(reference => (Id: reference.Attribute("Include")!.Value, Version: reference.Attribute("Version")!.Value))
            .Where(reference => reference.Id.StartsWith("Amazon.Lambda.", StringComparison.Ordinal)).Distinct().ToList();

        Assert.All(named, package =>
            Assert.Equal($"{package.Version}.1", XDocument.Load(Repository.PathOf("tests", "stand-ins", package.Id, $"{package.Id}.csproj")).Descendants("Version").Single().Value));
        // 3.0.0 can warn in a native build, which ends it: https://github.com/aws/aws-lambda-dotnet/issues/2531
        Assert.Equal("3.0.1", Assert.Single(named, package => package.Id == "Amazon.Lambda.Serialization.SystemTextJson").Version);
    }

    private static async Task<XDocument> ReadMetadataAsync(ZipArchive package)
    {
        await using var content = await package.GetEntry("Serverless.Templates.nuspec")!.OpenAsync();
        return await XDocument.LoadAsync(content, LoadOptions.None, CancellationToken.None);
    }
}
