using Xunit;

namespace Serverless.Templates.Tests;

[TakesLong(6)]
public sealed class MatrixTests
{
    public static TheoryData<int, string> Rows
    {
        get
        {
            var rows = new TheoryData<int, string>();
            foreach (var (index, row) in MatrixRow.All.Index())
                rows.Add(index, $"{row.Template} {new Options(row.Options)}: {row.Says}");
            return rows;
        }
    }

    public static TheoryData<string, string> Pairs => Combinations.All;

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Generates_what_the_row_says(int row, string says)
    {
        Assert.NotEmpty(says);
        var given = MatrixRow.All[row];

        var service = await GeneratedService.CreateAsync(Template.Named(given.Template), given.Name, new Options(given.Options));

        Faults.None([.. given.Faults(service), .. OutputChecks.Faults(service)]);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Leaves_no_token_and_parses_with_every_pair_of_values(string template, string options)
    {
        var service = await GeneratedService.ShareAsync(Template.Named(template), Options.Parse(options));

        Faults.None(OutputChecks.Faults(service));
    }

    [Fact]
    public void Has_a_row_for_every_value_of_every_option()
    {
        // The venture's options are those of the services that it composes: VentureTests holds them, and what comes of them, equal.
        var wanted = Template.All.Where(template => !template.IsVenture).SelectMany(template => template.Options.SelectMany(option =>
            option.Choices.Count > 0
                ? option.Choices.Select(choice => $"{template} --{option.Name} {choice}")
                : [$"{template} --{option.Name}"]));
        var given = MatrixRow.All.SelectMany(row => row.Options.SelectMany(option =>
            new[] { $"{row.Template} --{option.Key} {option.Value}", $"{row.Template} --{option.Key}" }));

        Assert.Empty(wanted.Except(given));
    }

    [Fact]
    public void Has_a_row_for_every_template_with_its_defaults()
    {
        var given = MatrixRow.All.Where(row => row.Options.Count == 0).Select(row => row.Template);

        Assert.Empty(Template.All.Select(template => template.ShortName).Except(given));
    }
}
