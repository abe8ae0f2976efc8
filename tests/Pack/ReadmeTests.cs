using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

public sealed partial class ReadmeTests
{
    public static TheoryData<string> ShortNames => [.. Template.All.Select(template => template.ShortName)];

    private static string[] Lines { get; } = File.ReadAllLines(Repository.PathOf("README.md"));

    [Fact]
    public void Lists_every_template()
    {
        var rows = Lines.Select(line => TemplateRow().Match(line)).Where(row => row.Success).Select(row => row.Groups["name"].Value);

        Assert.Equal(Template.All.Select(template => template.ShortName).Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Has_a_row_for_every_option(string shortName)
    {
        var options = Template.Named(shortName).Options.Select(option => option.Name);

        Assert.Equal(options.Order(StringComparer.Ordinal), Rows(shortName).Select(row => row.Option).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Has_the_default_of_every_option_first(string shortName)
    {
        Assert.All(Template.Named(shortName).Options.Where(option => option.Default.Length > 0), option =>
            Assert.Equal(option.Default, RowOf(shortName, option).Values.FirstOrDefault()));
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Has_every_value_of_an_option_or_says_that_there_are_others(string shortName)
    {
        Assert.All(Template.Named(shortName).Options.Where(option => option.Choices.Count > 0), option =>
        {
            var row = RowOf(shortName, option);
            Assert.Subset(option.Choices.ToHashSet(), row.Values.ToHashSet());
            if (!row.Text.Contains("other", StringComparison.Ordinal))
                Assert.Equal(option.Choices.Order(StringComparer.Ordinal), row.Values.Order(StringComparer.Ordinal));
        });
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Says_what_every_option_does(string shortName) =>
        Assert.All(Rows(shortName), row => Assert.NotEmpty(row.Does));

    private static OptionRow RowOf(string shortName, TemplateOption option) =>
        Rows(shortName).SingleOrDefault(row => row.Option == option.Name)
        ?? throw new InvalidDataException($"README.md has no row for --{option.Name} of {shortName}.");

    // The first table below the heading "Options of <short name>".
    private static List<OptionRow> Rows(string shortName)
    {
        var heading = Array.FindIndex(Lines, line => line.StartsWith('#') && line.TrimStart('#').Trim() == $"Options of {shortName}");
        Assert.True(heading >= 0, $"README.md has no heading \"Options of {shortName}\".");
        return [.. Lines.Skip(heading + 1).SkipWhile(line => !line.StartsWith('|')).TakeWhile(line => line.StartsWith('|')).Skip(2).Select(Read)];
    }

    private static OptionRow Read(string line)
    {
        var cells = line.Trim().Trim('|').Split('|').Select(cell => cell.Trim()).ToArray();
        Assert.Equal(3, cells.Length);
        var option = OptionCell().Match(cells[0]);
        Assert.True(option.Success, $"{cells[0]} is no option written as `--name`.");
        return new OptionRow(option.Groups[1].Value, [.. Quoted().Matches(cells[1]).Select(value => value.Groups[1].Value)], cells[1], cells[2]);
    }

    private sealed record OptionRow(string Option, IReadOnlyList<string> Values, string Text, string Does);

    [GeneratedRegex(@"^\|\s*`(?<name>sls-[a-z]+)`\s*\|")]
    private static partial Regex TemplateRow();

    [GeneratedRegex(@"^`--([A-Za-z]+)`$")]
    private static partial Regex OptionCell();

    [GeneratedRegex("`([^`]*)`")]
    private static partial Regex Quoted();
}
