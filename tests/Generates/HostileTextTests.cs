using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Serverless.Templates.Tests;

[TakesLong(4)]
public sealed partial class HostileTextTests
{
    // As JSON, so that a test's own name stays readable whatever the text is. Each with one template in turn: all of them write a
    // text by the same forms.
    public static TheoryData<string, string> Texts
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var (i, text) in JsonNode.Parse(File.ReadAllText(Repository.PathOf("tests", "names", "hostile-texts.json")))!["texts"]!.AsArray().Index())
                rows.Add(Template.Services[i % Template.Services.Count].ShortName, JsonSerializer.Serialize((string)text!));
            return rows;
        }
    }

    // Those with a sign or a word that YAML or osls could take for more than text: the others come out as words, as Changes_no_structure shows.
    public static TheoryData<string, string> TextsThatCouldExpand
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var row in Texts.Where(row => Expandable().IsMatch(JsonSerializer.Deserialize<string>((string)row[1])!)))
                rows.Add((string)row[0], (string)row[1]);
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Changes_no_structure(string shortName, string text)
    {
        var given = JsonSerializer.Deserialize<string>(text)!;
        // No text at all is no ARN that is wrong.
        var usual = await GeneratedService.ShareAsync(Template.Named(shortName), given.Length == 0 ? Options.Defaults : Everywhere(shortName, "harmless"));

        var service = await GeneratedService.ShareAsync(Template.Named(shortName), Everywhere(shortName, given));

        Faults.None(OutputChecks.Faults(service).Where(fault => !IsOfTheText(fault, given)));
        Assert.Equal(usual.Files, service.Files);
        Assert.All(service.Files.Where(file => file.EndsWith(".yml", StringComparison.Ordinal)), file =>
            Assert.Equal(Shape(OutputChecks.ReadYaml(usual.Read(file))), Shape(OutputChecks.ReadYaml(service.Read(file)))));
        Assert.All(service.Files.Where(file => !file.EndsWith(".md", StringComparison.Ordinal) && !file.Contains("/events/", StringComparison.Ordinal)), file =>
            Assert.Equal(usual.Read(file).Split('\n').Length, service.Read(file).Split('\n').Length));

        var provider = (YamlMappingNode)((YamlMappingNode)OutputChecks.ReadYaml(service.Read("serverless.yml")))["provider"];
        var written = ((YamlMappingNode)provider["tags"]).Children.ToDictionary(tag => tag.Key.ToString(), tag => ((YamlScalarNode)tag.Value).Value!);
        Assert.Matches("^[a-z]([a-z0-9-]*[a-z0-9])$", written["appName"]);
        Assert.InRange(written["appName"].Length, 2, 32);
        Assert.Matches("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", ((YamlScalarNode)provider["stage"]).Value!);
        Assert.InRange(((YamlScalarNode)provider["stage"]).Value!.Length, 1, 14);
        // https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
        Assert.Matches(@"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$", written["owner"]);
        Assert.InRange(written["owner"].Length, 0, 256);
        Assert.DoesNotMatch("^(?i)aws:", written["owner"]);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(TextsThatCouldExpand))]
    public async Task Expands_nowhere(string shortName, string text)
    {
        var service = await GeneratedService.ShareAsync(Template.Named(shortName), Everywhere(shortName, JsonSerializer.Deserialize<string>(text)!));
        var provider = (YamlMappingNode)((YamlMappingNode)OutputChecks.ReadYaml(service.Read("serverless.yml")))["provider"];

        var stack = await Stack.ShareAsync(service.Template, service.Options);

        Assert.All(stack.OfType("AWS::Lambda::Function"), function =>
        {
            var deployed = function.Properties["Tags"]!.AsArray().ToDictionary(tag => (string)tag!["Key"]!, tag => (string)tag!["Value"]!);
            Assert.Equal(((YamlScalarNode)provider["tags"]["owner"]).Value, deployed["owner"]);
            Assert.Equal(((YamlScalarNode)provider["tags"]["appName"]).Value, deployed["appName"]);
            Assert.Equal(((YamlScalarNode)provider["stage"]).Value, deployed["stage"]);
        });
    }

    // The same text for all of the template's free texts, except --entity, which names files: see EntityTests.
    private static Options Everywhere(string shortName, string text) =>
        new(Template.Named(shortName).Options.Where(option => option.Choices.Count == 0 && option.Name != "entity").ToDictionary(option => option.Name, _ => text));

    // A text that holds a token or a directive may be there as it was given: in a tag, between quotes.
    private static bool IsOfTheText(string fault, string text) =>
        text.Length > 0 && Regex.Matches(fault, @"__\w+__|Company\.[\w.]*|#\w+").Any(token => text.Contains(token.Value, StringComparison.Ordinal));

    // The keys and the kinds of nodes, without what is written in them.
    private static string Shape(YamlNode node) => node switch
    {
        YamlMappingNode map => $"{{{string.Join(',', map.Children.Select(child => $"{child.Key}:{Shape(child.Value)}"))}}}",
        YamlSequenceNode list => $"[{string.Join(',', list.Children.Select(Shape))}]",
        _ => "_",
    };

    [GeneratedRegex(@"[${}%~&*!0-9]|^(?:null|true)$")]
    private static partial Regex Expandable();
}
