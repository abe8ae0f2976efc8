using System.Text.Json.Nodes;
using System.Xml.Linq;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary><c>.sls-template.json</c>: how a service was made.</summary>
public sealed class RecordedOptionsTests
{
    public static TheoryData<string> ShortNames => [.. Template.Services.Select(template => template.ShortName)];

    [Theory]
    [MemberData(nameof(ShortNames))]
    public async Task Records_the_template_its_version_and_every_option(string shortName)
    {
        var template = Template.Named(shortName);

        var record = Read(await GeneratedService.ShareAsync(template, Options.Defaults));

        var version = XDocument.Load(Repository.PathOf("Serverless.Templates.csproj")).Descendants("Version").Single().Value;
        Assert.Equal((shortName, "Serverless.Templates", version), ((string)record["template"]!, (string)record["package"]!, (string)record["version"]!));
        var options = record["options"]!.AsObject();
        Assert.Equal(template.Options.Select(option => option.Name).Append("name").Order(StringComparer.Ordinal), options.Select(option => option.Key).Order(StringComparer.Ordinal));
        Assert.All(template.Options, option => Assert.Equal(option.Default, (string)options[option.Name]!));
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public async Task Records_a_text_as_it_was_given(string shortName)
    {
        const string Hostile = "a \"quoted\" \\ ${text} <&> \u00e9";
        var template = Template.Named(shortName);
        var texts = template.Options.Where(option => option.Choices.Count == 0).ToDictionary(option => option.Name, _ => Hostile);

        var options = Read(await GeneratedService.CreateAsync(template, GeneratedService.UsualName, new Options(texts)))["options"]!;

        Assert.All(texts, text => Assert.Equal(Hostile, (string)options[text.Key]!));
    }

    private static JsonNode Read(GeneratedService service) => JsonNode.Parse(service.Read(".sls-template.json"))!;
}
