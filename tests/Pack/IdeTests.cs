using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>What Visual Studio and Rider show of a template.</summary>
public sealed class IdeTests
{
    public static TheoryData<string> ShortNames => [.. Template.All.Select(template => template.ShortName)];

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Shows_every_option_with_a_name_and_its_description(string shortName)
    {
        var template = Template.Named(shortName);
        var symbols = Read(template)["symbolInfo"]!.AsArray().ToDictionary(symbol => (string)symbol!["id"]!, symbol => symbol!);

        Assert.Equal(template.Options.Select(option => option.Name).Order(StringComparer.Ordinal), symbols.Keys.Order(StringComparer.Ordinal));
        Assert.All(template.Options, option =>
        {
            var symbol = symbols[option.Name];
            Assert.Equal((option.Description, true), ((string)symbol["description"]!["text"]!, (bool)symbol["isVisible"]!));
            Assert.NotEmpty((string)symbol["name"]!["text"]!);
        });
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Has_an_icon(string shortName)
    {
        var template = Template.Named(shortName);
        var icon = File.ReadAllBytes(Path.Combine(template.Folder, ".template.config", (string)Read(template)["icon"]!));

        Assert.Equal("PNG", Encoding.ASCII.GetString(icon, 1, 3));
    }

    private static JsonNode Read(Template template) => JsonNode.Parse(File.ReadAllText(Path.Combine(template.Folder, ".template.config", "ide.host.json")))!;
}
