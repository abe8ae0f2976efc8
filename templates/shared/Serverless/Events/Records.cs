using System.Collections.Concurrent;
using Amazon.Lambda.Core;

namespace Serverless;

/// <summary>Handles the records of an event so that one that fails does not take the others with it.</summary>
public static class Records
{
    // What is left to answer in when time runs out.
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Handles each record. One that fails, or that the invocation's time does not suffice for, is logged with its id and the
    /// reason, without its content.
    /// </summary>
    /// <param name="records">The records; null is none.</param>
    /// <param name="idOf">What a record is named by in the log and the answer.</param>
    /// <param name="handle">Handles one; the token is cancelled a second before the invocation's time is over.</param>
    /// <param name="context">The invocation.</param>
    /// <param name="atATime">How many are handled side by side.</param>
    /// <param name="traceOf">The trace that a record brings, in which it is handled and logged; null or none: the invocation's.</param>
    /// <returns>The failures, in the order of the records.</returns>
    public static Task<IReadOnlyList<FailedRecord>> HandleEachAsync<T>(
        IList<T>? records, Func<T, string> idOf, Func<T, CancellationToken, Task> handle, ILambdaContext context, int atATime = 1, Func<T, string?>? traceOf = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        return HandleEachAsync(records ?? [], idOf, handle, context.RemainingTime - Reserve, context.Logger, atATime, traceOf);
    }

    internal static async Task<IReadOnlyList<FailedRecord>> HandleEachAsync<T>(
        IList<T> records, Func<T, string> idOf, Func<T, CancellationToken, Task> handle, TimeSpan limit, ILambdaLogger logger, int atATime, Func<T, string?>? traceOf = null)
    {
        var failed = new ConcurrentDictionary<int, FailedRecord>();
        using var time = new CancellationTokenSource(limit > TimeSpan.Zero ? limit : TimeSpan.Zero);
        await Parallel.ForAsync(0, records.Count, new ParallelOptions { MaxDegreeOfParallelism = atATime }, async (index, _) =>
        {
            try
            {
                // Set here, for the line below as well: what the handler sets ends with it.
                if (traceOf?.Invoke(records[index]) is { } trace && Trace.IsValid(trace))
                    Trace.Current = trace;
                time.Token.ThrowIfCancellationRequested();
                await handle(records[index], time.Token);
            }
#pragma warning disable CA1031 // Whatever it is, it is this record's, and the record is reported.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                var id = idOf(records[index]);
                failed[index] = new FailedRecord(id, exception);
                logger.LogError(exception, "{Record} failed in trace {RequestTrace}: {Reason}", id, Trace.Current ?? "", exception.GetType().Name);
            }
        });
        return [.. failed.OrderBy(failure => failure.Key).Select(failure => failure.Value)];
    }

    /// <summary>Ends the invocation as failed, if a record did: Lambda then delivers the event again, and keeps it at last.</summary>
    /// <exception cref="RecordsFailedException">There are failures.</exception>
    public static void ThrowIfAny(this IReadOnlyList<FailedRecord> failures)
    {
        ArgumentNullException.ThrowIfNull(failures);
        if (failures.Count > 0)
            throw new RecordsFailedException($"{failures.Count} failed, the first because of {failures[0].Reason.GetType().Name}.", failures[0].Reason);
    }
}

/// <summary>A record that was not handled.</summary>
/// <param name="Id">What it is named by.</param>
/// <param name="Reason">Why.</param>
public sealed record FailedRecord(string Id, Exception Reason);

/// <summary>Records of the event were not handled; those that were are not handled twice.</summary>
public sealed class RecordsFailedException(string message, Exception inner) : Exception(message, inner);
