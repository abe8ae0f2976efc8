using System.Globalization;

namespace Serverless.Templates.Bench;

/// <summary>Measuring in turns.</summary>
internal static class Measure
{
    /// <summary>Takes a measurement of each in turn, A B C A B C, after a round that is not counted.</summary>
    /// <returns>All values of each.</returns>
    public static async Task<List<double>[]> InTurnsAsync(int turns, params IReadOnlyList<Func<Task<double>>> measurements)
    {
        var values = measurements.Select(_ => new List<double>()).ToArray();
        for (var turn = 0; turn <= turns; turn++)
        {
            for (var i = 0; i < measurements.Count; i++)
            {
                var value = await measurements[i]();
                if (turn > 0)
                    values[i].Add(value);
            }
        }
        return values;
    }

    /// <summary>The value in the middle.</summary>
    public static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Writes a figure in the same way whatever the machine's culture.</summary>
    public static string Text(FormattableString figure) => figure.ToString(CultureInfo.InvariantCulture);
}
