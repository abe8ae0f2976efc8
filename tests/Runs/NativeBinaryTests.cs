using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The native binary of every template, linked and run.</summary>
[TakesLong(6)]
public sealed partial class NativeBinaryTests
{
    public static TheoryData<string> ShortNames => [.. Template.Services.Select(template => template.ShortName)];

    [TheoryThatNeeds("linux-x64", "clang")]
    [MemberData(nameof(ShortNames))]
    public async Task Links_without_a_warning_of_the_trimmer_or_the_compiler(string shortName)
    {
        var published = await PublishedService.ShareAsync(Template.Named(shortName), "aot");

        Assert.True(File.Exists(published.Binary));
        Faults.None(published.Output.Split('\n').Where(line => line.Contains("warning", StringComparison.OrdinalIgnoreCase) && !line.Contains("NU1603", StringComparison.Ordinal)));
    }

    [TheoryThatNeeds("linux-x64", "clang")]
    [MemberData(nameof(ShortNames))]
    public async Task Asks_for_no_newer_glibc_than_Lambda_has(string shortName)
    {
        var published = await PublishedService.ShareAsync(Template.Named(shortName), "aot");

        // The versions stand in the binary as text.
        var versions = GlibcVersion().Matches(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(published.Binary))).Select(match => Version.Parse(match.Groups[1].Value)).Distinct().ToList();

        Assert.NotEmpty(versions);
        Assert.True(versions.Max() <= new Version(2, 34), $"It asks for glibc {versions.Max()}.");
    }

    [TheoryThatNeeds("linux-x64", "clang")]
    [MemberData(nameof(ShortNames))]
    public async Task Has_the_methods_of_a_start_side_by_side(string shortName)
    {
        var published = await PublishedService.ShareAsync(Template.Named(shortName), "aot");

        var listed = published.Service.Read("shared/Serverless/Runtime/start-methods.txt").Split('\n').ToHashSet();
        var methods = await published.MethodsAsync();
        var ofStart = methods.Count(method => listed.Contains(method.Name));

        // A newer .NET or AWS SDK may have other names. If many are gone, the list is renewed as bench/README.md says.
        Assert.True(ofStart > listed.Count * 0.6, $"{ofStart} of the {listed.Count} methods are in the binary.");
        Assert.True(methods.Take(ofStart).Count(method => listed.Contains(method.Name)) > ofStart * 0.9);
    }

    [TheoryThatNeeds("linux-x64", "clang")]
    [MemberData(nameof(ShortNames))]
    public async Task Zips_one_binary_that_can_be_executed_and_no_symbols(string shortName)
    {
        var published = await PublishedService.ShareAsync(Template.Named(shortName), "aot");

        using var zip = ZipFile.OpenRead(published.Zip);

        var bootstrap = zip.GetEntry("bootstrap");
        Assert.NotNull(bootstrap);
        Assert.Equal(0b001_001_001, (bootstrap.ExternalAttributes >> 16) & 0b001_001_001);
        Assert.Equal(new FileInfo(published.Binary).Length, bootstrap.Length);
        Assert.DoesNotContain(zip.Entries, entry => Path.GetExtension(entry.Name) is ".dbg" or ".pdb" or ".xml" or ".dll");
    }

    [TheoryThatNeeds("linux-x64", "clang", "node", "npm")]
    [MemberData(nameof(ShortNames))]
    public async Task Is_packaged_for_deployment(string shortName)
    {
        var published = await PublishedService.ShareAsync(Template.Named(shortName), "aot");

        var stack = await Stack.CompileAsync(published.Service);

        Assert.All(stack.OfType("AWS::Lambda::Function"), function => Assert.EndsWith("/service.zip", (string?)function.Properties["Code"]!["S3Key"], StringComparison.Ordinal));
    }

    [TheoryThatNeeds("linux-x64", "clang", "node", "npm")]
    [MemberData(nameof(ShortNames))]
    public async Task Passes_the_services_own_tests_in_place_of_the_assembly(string shortName)
    {
        var published = await PublishedService.ShareAsync(Template.Named(shortName), "aot");
        var service = await BuiltServices.OfAsync(Template.Named(shortName), Options.Pairs(Template.Named(shortName))[0]);
        await Stack.ShareAsync(service.Template, service.Options);

        // BuildTests runs the others, which do not start it.
        var classes = service.Files.Where(file => file.EndsWith("Tests.cs", StringComparison.Ordinal) && service.Read(file).Contains("RunningFunction.Start", StringComparison.Ordinal)).Select(Path.GetFileNameWithoutExtension).Select(name => $"-class *.{name}");
        await service.PassTestsAsync(service.TestProject, classes, new Dictionary<string, string?> { ["SERVICE_BINARY"] = published.Binary });
    }

    [GeneratedRegex(@"GLIBC_(2\.\d+)")]
    private static partial Regex GlibcVersion();
}
