using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NJsonSchema;
using Xunit;

namespace Serverless.Templates.Tests;

public sealed partial class TemplateSchemaTests
{
    public static TheoryData<string> ShortNames => [.. Template.All.Select(template => template.ShortName)];

    [Theory]
    [MemberData(nameof(ShortNames))]
    public async Task Is_valid(string shortName)
    {
        var schema = await JsonSchema.FromFileAsync(Repository.PathOf("tests", "template.schema.json"));

        var errors = schema.Validate(await File.ReadAllTextAsync(Template.Named(shortName).ConfigurationPath));

        Assert.Empty(errors.Select(error => error.ToString()));
    }

    [Theory]
    [InlineData("""{ "isRequried": true }""")]
    [InlineData("""{ "replaces": "region" }""")]
    [InlineData("""{ "description": "" }""")]
    [InlineData("""{ "choices": [] }""")]
    [InlineData("""{ "datatype": "chioce" }""")]
    [InlineData("""{ "forms": { "global": [] } }""")]
    public async Task Refuses_what_dotnet_new_takes_without_a_word(string mistake)
    {
        var schema = await JsonSchema.FromFileAsync(Repository.PathOf("tests", "template.schema.json"));
        var template = Template.All[0].Json.DeepClone();
        foreach (var (name, value) in JsonNode.Parse(mistake)!.AsObject())
            template["symbols"]!["region"]![name] = value!.DeepClone();

        Assert.NotEmpty(schema.Validate(template.ToJsonString()));
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Names_only_symbols_and_forms_that_exist(string shortName)
    {
        var template = Template.Named(shortName);
        var symbols = template.Symbols.Select(symbol => symbol.Key).Append("name").ToHashSet();
        var forms = template.Json["forms"]!.AsObject().Select(form => form.Key).ToHashSet();

        var missingForms = UsedForms(template).Except(forms);
        var sources = template.Symbols.SelectMany(symbol => new[] { symbol.Value["valueSource"], symbol.Value["parameters"]?["sourceVariableName"], symbol.Value["parameters"]?["fallbackVariableName"], symbol.Value["parameters"]?["source"] }.Concat(Joined(symbol.Value)));
        var conditions = Conditions(template.Json).SelectMany(condition => Word().Matches(Literal().Replace(condition, "")).Select(word => word.Value));

        Assert.Empty(missingForms);
        Assert.Empty(sources.Select(source => (string?)source).OfType<string>().Concat(conditions).Except(symbols).Except(["true", "false"]));
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Uses_every_form_and_symbol(string shortName)
    {
        var template = Template.Named(shortName);
        var conditions = string.Join('\n', Conditions(template.Json).Concat(Sources(template).SelectMany(folder => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)).Where(IsText).Select(File.ReadAllText)));
        var used = template.Symbols.SelectMany(symbol => new[] { symbol.Value["valueSource"], symbol.Value["parameters"]?["sourceVariableName"], symbol.Value["parameters"]?["fallbackVariableName"], symbol.Value["parameters"]?["source"] }.Concat(Joined(symbol.Value))).Select(source => (string?)source).ToHashSet();

        Assert.Empty(template.Json["forms"]!.AsObject().Select(form => form.Key).Except(UsedForms(template)));
        Assert.Empty(template.Symbols.Where(symbol => symbol.Value["replaces"] is null && !used.Contains(symbol.Key) && !Regex.IsMatch(conditions, $@"\b{symbol.Key}\b")).Select(symbol => symbol.Key));
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Names_every_option_on_the_command_line_as_it_is_and_gives_it_no_short_form(string shortName)
    {
        var template = Template.Named(shortName);
        var host = template.Host["symbolInfo"]!.AsObject();

        Assert.Equal(template.Options.Select(option => option.Name).Order(StringComparer.Ordinal), host.Where(symbol => (bool?)symbol.Value!["isHidden"] is not true).Select(symbol => symbol.Key).Order(StringComparer.Ordinal));
        Assert.All(template.Options, option =>
        {
            Assert.Matches("^[a-z][A-Za-z]*$", option.Name);
            Assert.Equal(option.Name, (string?)host[option.Name]!["longName"]);
            Assert.Equal("", (string?)host[option.Name]!["shortName"]);
        });
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Has_a_default_that_is_a_choice(string shortName) =>
        Assert.All(Template.Named(shortName).Options.Where(option => option.Choices.Count > 0), option => Assert.Contains(option.Default, option.Choices));

    [Fact]
    public void Gives_every_template_its_own_identity_and_name()
    {
        Assert.All(["identity", "groupIdentity", "name", "shortName", "sourceName"], member =>
            Assert.Distinct(Template.All.Select(template => (string)template.Json[member]!)));
    }

    [Fact]
    public void Shares_forms_and_symbols_word_for_word()
    {
        foreach (var member in new[] { "forms", "symbols" })
            foreach (var shared in Template.All.SelectMany(template => template.Json[member]!.AsObject().Where(IsShared).Select(part => (part.Key, Text: TextOf(template, part.Value!), Type: (string?)part.Value!["generator"] ?? (string?)part.Value["type"]))).GroupBy(part => (part.Key, part.Type)))
                Assert.True(shared.Select(part => part.Text).Distinct().Count() == 1, $"{member}/{shared.Key.Key} is not the same in all templates:\n{string.Join('\n', shared.Select(part => part.Text))}");

        // A condition is about one template's content. What one template asks for, another may have decided.
        static bool IsShared(KeyValuePair<string, JsonNode?> part) => (string?)part.Value!["type"] != "computed";

        // Each template replaces its own name.
        static string TextOf(Template template, JsonNode part) =>
            part.ToJsonString().Replace(template.SourceName, "<name>", StringComparison.Ordinal).Replace(template.SourceName.Replace(".1", "._1", StringComparison.Ordinal), "<namespace>", StringComparison.Ordinal);
    }

    // {"generator": "join", "parameters": {"symbols": [{"type": "ref", "value": "name"}, {"type": "const", "value": ".Auth"}]}}
    private static IEnumerable<JsonNode?> Joined(JsonObject symbol) =>
        symbol["parameters"]?["symbols"]?.AsArray().Where(part => (string?)part!["type"] == "ref").Select(part => part!["value"]) ?? [];

    private static IEnumerable<string> UsedForms(Template template) =>
        template.Json["forms"]!.AsObject().SelectMany(form => form.Value!["steps"]?.AsArray().Select(step => (string)step!) ?? [])
            .Concat(template.Symbols.Select(symbol => (string?)symbol.Value["valueTransform"]).OfType<string>())
            .Concat(template.Symbols.SelectMany(symbol => symbol.Value["forms"]?["global"]?["forms"]?.AsArray().Select(form => (string)form!) ?? []));

    private static IEnumerable<string> Conditions(JsonNode node) => node switch
    {
        JsonObject members => members.SelectMany(member => member.Value switch
        {
            JsonValue value when member.Key is "condition" or "isEnabled" => [(string)value!],
            JsonValue value when member.Key == "value" && (string?)members["type"] == "computed" => [(string)value!],
            { } other => Conditions(other),
            null => [],
        }),
        JsonArray items => items.SelectMany(item => Conditions(item!)),
        _ => [],
    };

    private static IEnumerable<string> Sources(Template template) =>
        template.Json["sources"]!.AsArray().Select(source => Path.GetFullPath(Path.Combine(template.Folder, (string)source!["source"]!)));

    private static bool IsText(string path) =>
        !path.Split(Path.DirectorySeparatorChar).Intersect(["bin", "obj", "node_modules", "artifacts", ".template.config", ".serverless"]).Any();

    [GeneratedRegex("""["'][^"']*["']""")]
    private static partial Regex Literal();

    [GeneratedRegex("[A-Za-z_][A-Za-z0-9_]*")]
    private static partial Regex Word();
}
