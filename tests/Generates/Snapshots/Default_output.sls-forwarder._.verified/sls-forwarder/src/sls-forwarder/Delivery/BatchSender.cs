using System.IO.Compression;
using Amazon.Lambda.Core;

namespace sls_forwarder;

/// <summary>Sends the batches of one event, one after the other, until the destination has each entry or it is certain that it will not.</summary>
public sealed class BatchSender(
    HttpClient http, Destination destination, CredentialSource credentials, DeliveryRules rules, LogSource source, Deadline deadline, ILambdaLogger log)
    : IDisposable
{
    // How many halves are sent again, for one event, to find the lines that a destination refuses without naming them.
    private const int MostHalves = 64;

    private readonly BodyStream gzip = new();
    private readonly List<int> delivered = [];
    private readonly HashSet<int> undelivered = [];
    private bool hasRefreshed;
    private int halves;
    private int tooLong = int.MaxValue;

    /// <summary>What stands around the entries of each body.</summary>
    public Envelope? Envelope { get; } = destination.Enclose(source);

    /// <summary>How many lines the destination has. A line is there with its last part, if no other part of it is missing.</summary>
    public int Shipped => undelivered.Count == 0 ? delivered.Count : delivered.Count(line => !undelivered.Contains(line));

    /// <summary>The lines that the destination refuses for good, by their place in the event.</summary>
    public SortedSet<int> Refused { get; } = [];

    /// <summary>How many requests were sent again.</summary>
    public int Retried { get; private set; }

    /// <summary>How many bytes were sent, compressed.</summary>
    public long Bytes { get; private set; }

    /// <summary>Why lines were not delivered: the last reason. Null as long as all were.</summary>
    public string? Failure { get; private set; }

    /// <summary>Why the destination refuses lines for good: the last reason. Null as long as it refuses none.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Whether sending more is of no use now: the time is over, the credentials are refused, or the destination wants a longer pause.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Sends the entries of a batch. A line that is counted neither in <see cref="Shipped"/> nor in <see cref="Refused"/> afterwards was not delivered.</summary>
    public async Task SendAsync(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        // Parts of the batch that are still to be sent, the first one on top.
        var parts = new Stack<Part>();
        parts.Push(new Part(batch, 0, batch.Count));
        while (!IsStopped && parts.TryPop(out var part))
        {
            var length = part.Length;
            // What is as long as a body that was refused need not be sent to know.
            var (rest, verdict) = part.Count > 1 && length >= tooLong ? (part, new Verdict.Split()) : await SendUntilJudgedAsync(part);
            switch (verdict)
            {
                case Verdict.Delivered:
                    Deliver(rest);
                    break;
                case Verdict.Split when rest.Count > 1:
                    tooLong = Math.Min(tooLong, rest.Length);
                    PushHalves(parts, rest);
                    break;
                case Verdict.Split:
                    Refuse(rest, "an entry is too large for it (413)");
                    break;
                case Verdict.EntryRefused refused:
                    Deliver(rest.Slice(0, refused.Entry));
                    Refuse(rest.Slice(refused.Entry, 1), refused.Reason);
                    if (refused.Entry + 1 < rest.Count)
                        parts.Push(rest.Slice(refused.Entry + 1, rest.Count - refused.Entry - 1));
                    break;
                case Verdict.SomeRefused refused:
                    await FindRefusedAsync(rest, refused.Entries, refused.Reason);
                    break;
                case Verdict.Unclear unclear when rest.Count > 1 && unclear.MayBeSentAgain && halves < MostHalves:
                    halves += 2;
                    PushHalves(parts, rest);
                    break;
                case Verdict.Unclear unclear:
                    Refuse(rest, rest.Count == 1 ? unclear.Reason : $"{unclear.Reason}; it refuses at least one of {rest.Count} and does not say which, so that all of them are kept");
                    break;
                case Verdict.Rejected rejected:
                    Fail(rest, $"the destination refuses them ({rejected.Reason})");
                    break;
                case Verdict.Unauthorized:
                    Fail(rest, "the destination refuses the credentials, also after they were fetched again");
                    IsStopped = true;
                    break;
                case Verdict.Retry retry:
                    Fail(rest, IsStopped ? retry.Reason : $"{retry.Reason}, and no attempt is left");
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => gzip.Dispose();

    private static void PushHalves(Stack<Part> parts, Part part)
    {
        parts.Push(part.Slice(part.Count / 2, part.Count - part.Count / 2));
        parts.Push(part.Slice(0, part.Count / 2));
    }

    // Of these entries the destination has all but some, and does not say which. Halves are sent again until it is clear; those that it
    // has come twice, each time that a half with a refused one is sent.
    private async Task FindRefusedAsync(Part part, int refused, string reason)
    {
        if (refused <= 0)
            Deliver(part);
        else if (refused >= part.Count)
            Refuse(part, reason);
        else
        {
            var half = part.Count / 2;
            var inHalf = (await SendUntilJudgedAsync(part.Slice(0, half))).Verdict switch
            {
                Verdict.Delivered => 0,
                Verdict.SomeRefused some => some.Entries,
                _ => -1,
            };
            if (inHalf < 0 || inHalf > refused)
            {
                Fail(part, $"the destination refuses {refused} of them ({reason}), and it could not be found out which");
                return;
            }
            await FindRefusedAsync(part.Slice(0, half), inHalf, reason);
            await FindRefusedAsync(part.Slice(half, part.Count - half), refused - inHalf, reason);
        }
    }

    // Returns what the verdict is about: of a part whose entries the destination judges one by one, those that are not settled yet.
    private async Task<(Part Left, Verdict Verdict)> SendUntilJudgedAsync(Part part)
    {
        Compress(part);
        for (var attempt = 1; ; attempt++)
        {
            if (deadline.Remaining <= TimeSpan.Zero)
                return (part, Stop(deadline.Reason));

            Verdict verdict;
            TimeSpan? retryAfter;
            try
            {
                (verdict, retryAfter) = await SendOnceAsync(part.Count);
                if (verdict is Verdict.Unauthorized && !hasRefreshed)
                {
                    hasRefreshed = true;
                    if (!await credentials.RefreshAsync(deadline))
                        return (part, verdict);
                    log.LogWarning("The destination refused the credentials; they have been fetched again.");
                    Retried++;
                    continue;
                }
            }
            catch (SettingException e)
            {
                return (part, Stop(e.Message));
            }
            if (verdict is Verdict.Each each)
            {
                part = Settle(part, each);
                if (part.Count == 0)
                    return (part, new Verdict.Delivered());
                Compress(part);
                verdict = new Verdict.Retry(each.Reason);
            }
            if (deadline.IsShutDown && verdict is Verdict.Retry)
                return (part, Stop(deadline.Reason));
            if (verdict is not Verdict.Retry retry || attempt >= rules.Attempts && retryAfter is null)
                return (part, verdict);

            // The pause that the destination asks for, or a random one below a limit that doubles; never all environments at once.
            var pause = retryAfter is { } asked ? asked + Jitter(1) : Jitter(attempt);
            if (attempt >= rules.Attempts)
                return (part, Stop($"{retry.Reason}, and no attempt is left, nor for another batch in the pause that the destination asks for"));
            if (pause >= deadline.Remaining)
                return (part, Stop(retryAfter is null
                    ? $"{retry.Reason}, and the invocation's time is over"
                    : $"{retry.Reason}, and the destination asks for a longer pause than the invocation has"));
            log.LogWarning("{Destination} did not take {Count} lines ({Reason}); attempt {Attempt} follows in {Pause} ms.",
                destination.Name, part.Count, retry.Reason, attempt + 1, (long)pause.TotalMilliseconds);
            await deadline.DelayAsync(pause);
            Retried++;
        }
    }

    // Returns the entries that are to be sent again.
    private Part Settle(Part part, Verdict.Each each)
    {
        var isOpen = new bool[part.Count];
        foreach (var entry in each.Refused.Concat(each.Again))
            isOpen[entry] = true;
        Deliver(part.Pick([.. Enumerable.Range(0, part.Count).Where(entry => !isOpen[entry])]));
        if (each.Refused.Count > 0)
            Refuse(part.Pick(each.Refused), each.Refusal);
        return part.Pick(each.Again);
    }

    private async Task<(Verdict Verdict, TimeSpan? RetryAfter)> SendOnceAsync(int count)
    {
        using var request = destination.CreateRequest(await credentials.GetAsync(deadline), source);
        request.Content = new ReadOnlyMemoryContent(gzip.Written);
        request.Content.Headers.ContentType = new(destination.ContentType, "utf-8");
        request.Content.Headers.ContentEncoding.Add("gzip");
        using var timeout = deadline.Timeout(rules.RequestTimeout);
        HttpResponseMessage? response = null;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            var answer = await ReadAsync(response, destination.LongestAnswer, timeout.Token);
            Bytes += gzip.Length;
            return (destination.Judge(response.StatusCode, answer, count), RetryAfter(response));
        }
        catch (OperationCanceledException)
        {
            return (new Verdict.Retry(response is null ? "no answer in time" : BrokenOff(response)), null);
        }
        catch (HttpRequestException e)
        {
            return (new Verdict.Retry(response is null ? ConnectionFailure.Describe(e) : BrokenOff(response)), null);
        }
        catch (IOException e)
        {
            return (new Verdict.Retry(response is null ? e.GetType().Name : BrokenOff(response)), null);
        }
        finally
        {
            response?.Dispose();
        }
    }

    private void Compress(Part part)
    {
        gzip.SetLength(0);
        using var compressor = new GZipStream(gzip, CompressionLevel.Fastest, leaveOpen: true);
        if (Envelope is null)
        {
            part.WriteTo(compressor, part.Length);
            return;
        }
        compressor.Write(Envelope.Start.Span);
        // Without the last comma.
        part.WriteTo(compressor, part.Length - 1);
        compressor.Write(Envelope.End.Span);
    }

    private Verdict.Retry Stop(string reason)
    {
        IsStopped = true;
        return new Verdict.Retry(reason);
    }

    private void Deliver(Part part)
    {
        for (var entry = 0; entry < part.Count; entry++)
        {
            var (line, isLast) = part.LineOf(entry);
            if (isLast)
                delivered.Add(line);
        }
    }

    private void Fail(Part part, string reason)
    {
        Failure = reason;
        for (var entry = 0; entry < part.Count; entry++)
            undelivered.Add(part.LineOf(entry).Line);
        log.LogError("{Count} lines were not delivered to {Destination}: {Reason}", part.Count, destination.Name, reason);
    }

    private void Refuse(Part part, string reason)
    {
        Refusal = reason;
        for (var entry = 0; entry < part.Count; entry++)
        {
            undelivered.Add(part.LineOf(entry).Line);
            Refused.Add(part.LineOf(entry).Line);
        }
    }

    private TimeSpan Jitter(int attempt) =>
        Shorter(rules.FirstPause * Math.Pow(2, attempt - 1), rules.LongestPause) * Random.Shared.NextDouble();

    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var after = response.Headers.RetryAfter;
        var pause = after?.Delta ?? after?.Date - DateTimeOffset.UtcNow;
        return pause < TimeSpan.Zero ? TimeSpan.Zero : pause;
    }

    // The whole answer counts: what comes after a 200 may say that the lines were not taken.
    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, int longest, CancellationToken cancellation)
    {
        var announced = response.Content.Headers.ContentLength ?? Math.Min(longest, 64 << 10);
        if (announced == 0)
            return default;
        await using var content = await response.Content.ReadAsStreamAsync(cancellation);
        var answer = new byte[(int)Math.Min(announced, longest)];
        var length = 0;
        while (true)
        {
            length += await content.ReadAtLeastAsync(answer.AsMemory(length), answer.Length - length, throwOnEndOfStream: false, cancellation);
            // An answer whose length is not announced may go on.
            if (length < answer.Length || length == longest || length == response.Content.Headers.ContentLength)
                return answer.AsMemory(0, length);
            Array.Resize(ref answer, Math.Min(longest, answer.Length * 2));
        }
    }

    private static string BrokenOff(HttpResponseMessage response) => $"{(int)response.StatusCode}, and the answer broke off";

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
