using System.IO.Compression;
using System.Text.Json.Nodes;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The services that run on AWS's managed runtime.</summary>
[TakesLong(1)]
public sealed class ManagedRuntimeTests
{
    public static TheoryData<string> ShortNames => [.. Template.Services.Select(template => template.ShortName)];

    [TheoryThatNeeds("linux-x64")]
    [MemberData(nameof(ShortNames))]
    public async Task Zips_the_assembly_with_what_the_runtime_reads_beside_it(string shortName)
    {
        var published = await PublishedService.ShareAsync(Template.Named(shortName), "managed");

        using var zip = ZipFile.OpenRead(published.Zip);
        Assert.NotNull(zip.GetEntry("bootstrap.dll"));
        Assert.NotNull(zip.GetEntry("bootstrap.deps.json"));
        await using var configuration = await zip.GetEntry("bootstrap.runtimeconfig.json")!.OpenAsync();
        var framework = JsonNode.Parse(configuration)!["runtimeOptions"]!["framework"]!;
        Assert.Equal("Microsoft.NETCore.App", (string?)framework["name"]);
        Assert.StartsWith("10.0.", (string?)framework["version"], StringComparison.Ordinal);
        Assert.DoesNotContain(zip.Entries, entry => Path.GetExtension(entry.Name) is ".dbg" or ".pdb" or ".xml");
    }
}
