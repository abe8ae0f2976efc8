using System.Text.Json;
using System.Text.RegularExpressions;
using NJsonSchema;

namespace Serverless.Templates.Tests;

/// <summary>A row of tests/matrix: what a template makes of some options. tests/matrix/matrix.schema.json describes its members.</summary>
public sealed record MatrixRow
{
    /// <summary>The short name of the template.</summary>
    public string Template { get; init; } = "";

    public required string Says { get; init; }

    public string Name { get; init; } = GeneratedService.UsualName;

    public Dictionary<string, string> Options { get; init; } = [];

    public IReadOnlyList<string> MustExist { get; init; } = [];

    public IReadOnlyList<string> MustNotExist { get; init; } = [];

    public Dictionary<string, string[]> MustMatch { get; init; } = [];

    public Dictionary<string, string[]> MustNotMatch { get; init; } = [];

    /// <summary>All rows; one with the value <c>*</c> becomes a row for every choice, for several options at once: their choices are all there, not each with each.</summary>
    public static IReadOnlyList<MatrixRow> All { get; } = [.. Directory.GetFiles(Repository.PathOf("tests", "matrix"), "*.json")
        .Where(path => !path.EndsWith(".schema.json", StringComparison.Ordinal)).Order(StringComparer.Ordinal).SelectMany(ReadFile)];

    /// <summary>What is wrong with a service that was made by this row.</summary>
    public IEnumerable<string> Faults(GeneratedService service)
    {
        foreach (var pattern in MustExist.Where(pattern => !Files(service, pattern).Any()))
            yield return $"{pattern} is missing";
        foreach (var file in MustNotExist.SelectMany(pattern => Files(service, pattern)))
            yield return $"{file} should not be there";
        foreach (var (pattern, expressions) in MustMatch)
        {
            var files = Files(service, pattern).ToList();
            if (files.Count == 0)
                yield return $"{pattern} is missing";
            foreach (var expression in expressions)
                foreach (var file in files.Where(file => !IsMatch(service, file, expression)))
                    yield return $"{file} does not match {Fill(service, expression)}";
        }
        foreach (var (pattern, expressions) in MustNotMatch)
            foreach (var expression in expressions)
                foreach (var file in Files(service, pattern).Where(file => IsMatch(service, file, expression)))
                    yield return $"{file} matches {Fill(service, expression)}";
    }

    private static IEnumerable<MatrixRow> ReadFile(string path)
    {
        var text = File.ReadAllText(path);
        var schema = JsonSchema.FromFileAsync(Repository.PathOf("tests", "matrix", "matrix.schema.json")).GetAwaiter().GetResult();
        var errors = schema.Validate(text);
        if (errors.Count > 0)
            throw new InvalidDataException($"{path}: {string.Join("; ", errors)}");

        using var document = JsonDocument.Parse(text);
        var template = document.RootElement.GetProperty("template").GetString()!;
        return document.RootElement.GetProperty("rows").Deserialize<MatrixRow[]>(JsonSerializerOptions.Web)!
            .SelectMany(row => (row with { Template = template }).Expand()).ToList();
    }

    private IEnumerable<MatrixRow> Expand()
    {
        var open = Options.Where(option => option.Value == "*").ToDictionary(option => option.Key, option => Tests.Template.Named(Template).Options.Single(candidate => candidate.Name == option.Key).Choices);
        if (open.Count == 0)
            return [this];
        return Enumerable.Range(0, open.Values.Max(choices => choices.Count)).Select(i =>
        {
            var chosen = open.ToDictionary(option => option.Key, option => option.Value[i % option.Value.Count]);
            string Put(string text) => chosen.Aggregate(text, (filled, option) => filled.Replace($"{{{option.Key}}}", option.Value, StringComparison.Ordinal));
            return this with
            {
                Options = Options.ToDictionary(pair => pair.Key, pair => chosen.GetValueOrDefault(pair.Key, pair.Value)),
                MustExist = [.. MustExist.Select(Put)],
                MustNotExist = [.. MustNotExist.Select(Put)],
                MustMatch = MustMatch.ToDictionary(pair => Put(pair.Key), pair => pair.Value.Select(Put).ToArray()),
                MustNotMatch = MustNotMatch.ToDictionary(pair => Put(pair.Key), pair => pair.Value.Select(Put).ToArray()),
            };
        });
    }

    private static bool IsMatch(GeneratedService service, string file, string expression) =>
        Regex.IsMatch(service.Read(file).ReplaceLineEndings("\n"), Fill(service, expression), RegexOptions.Multiline);

    private static string Fill(GeneratedService service, string text) => text.Replace("{name}", service.ProjectName, StringComparison.Ordinal);

    private static IEnumerable<string> Files(GeneratedService service, string pattern)
    {
        var expression = "^" + Regex.Escape(Fill(service, pattern)).Replace(@"\*\*/", "(.*/)?").Replace(@"\*", "[^/]*") + "$";
        return service.Files.Where(file => Regex.IsMatch(file, expression));
    }
}
