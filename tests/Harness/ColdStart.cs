using System.Diagnostics;
using System.Globalization;

namespace Serverless.Templates.Tests;

/// <summary>How fast a function's process is at its first event, and how much memory it takes: the medians of several starts.</summary>
/// <param name="FirstAnswer">From the start of the process to its answer.</param>
/// <param name="PeakMemory">In bytes, after that answer.</param>
public sealed record ColdStart(TimeSpan FirstAnswer, long PeakMemory)
{
    /// <summary>Starts the function anew for each measurement.</summary>
    /// <param name="binary">The native binary, or <c>bootstrap.dll</c>.</param>
    /// <param name="function">The function's name.</param>
    /// <param name="environment">Variables as serverless.yml sets them, <c>_HANDLER</c> among them.</param>
    /// <param name="payload">The event.</param>
    /// <param name="isRight">Whether the answer is the one that is meant to be measured.</param>
    /// <param name="starts">How often.</param>
    public static async Task<ColdStart> MeasureAsync(
        string binary, string function, IReadOnlyDictionary<string, string?> environment, ReadOnlyMemory<byte> payload, Predicate<Answer> isRight, int starts)
    {
        var measured = new List<ColdStart>();
        for (var start = 0; start < starts; start++)
        {
            // A new one each time: to the old one, the process that was ended may still seem to wait for the event.
            await using var api = await RuntimeApi.StartAsync();
            var watch = Stopwatch.StartNew();
            await using var process = LambdaProcess.Start(binary, api, function, environment);
            var answer = await api.InvokeAsync(function, payload);
            watch.Stop();
            if (!isRight(answer))
                throw new InvalidOperationException($"The event that is measured by was answered with {answer.Text}");
            measured.Add(new ColdStart(watch.Elapsed, process.PeakMemory));
        }
        return new ColdStart(
            measured.Select(start => start.FirstAnswer).Order().ElementAt(starts / 2),
            measured.Select(start => start.PeakMemory).Order().ElementAt(starts / 2));
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{FirstAnswer.TotalMilliseconds:0.0} ms from exec to the first answer, {PeakMemory / 1e6:0.0} MB peak RSS");
}
