using System.Globalization;

namespace Serverless.Templates.Bench;

/// <summary>Measuring in turns, and saying what was measured.</summary>
internal static class Measure
{
    /// <summary>The medians of two measurements that are taken in turns, after one of each that is not counted.</summary>
    public static async Task<(double One, double Other)> InTurnsAsync(int turns, Func<Task<double>> one, Func<Task<double>> other)
    {
        var (ones, others) = (new List<double>(), new List<double>());
        for (var turn = 0; turn <= turns; turn++)
        {
            var (first, second) = (await one(), await other());
            if (turn == 0)
                continue;
            ones.Add(first);
            others.Add(second);
        }
        return (Median(ones), Median(others));
    }

    /// <summary>The value in the middle.</summary>
    public static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Prints a line of figures, whatever the machine's culture.</summary>
    public static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
