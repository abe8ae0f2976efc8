using System.IO.Compression;
using Amazon.Lambda.Core;

namespace sls_venture.LogForwarder;

/// <summary>Sends the batches of one event, one after the other, until the destination has each entry or it is certain that it will not.</summary>
public sealed class BatchSender(
    HttpClient http, Destination destination, CredentialSource credentials, DeliveryRules rules, LogSource source, Deadline deadline, ILambdaLogger log)
    : IDisposable
{
    private const int LongestAnswer = 64 << 10;

    private readonly MemoryStream gzip = new();
    private readonly HashSet<int> undelivered = [];
    private bool hasRefreshed;
    private int tooLong = int.MaxValue;

    /// <summary>How many lines the destination has.</summary>
    public int Shipped { get; private set; }

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
        var parts = new Stack<(int First, int Count)>();
        parts.Push((0, batch.Count));
        while (!IsStopped && parts.TryPop(out var part))
        {
            var (first, count) = part;
            var body = batch.Body(first, count);
            // What is as long as a body that was refused need not be sent to know.
            switch (count > 1 && body.Length >= tooLong ? new Verdict.Split() : await SendUntilJudgedAsync(body, count))
            {
                case Verdict.Delivered:
                    Deliver(batch, first, count);
                    break;
                case Verdict.Split when count > 1:
                    tooLong = Math.Min(tooLong, body.Length);
                    parts.Push((first + count / 2, count - count / 2));
                    parts.Push((first, count / 2));
                    break;
                case Verdict.Split:
                    Refuse(batch, first, count, "an entry is too large for it (413)");
                    break;
                case Verdict.EntryRefused refused:
                    Deliver(batch, first, refused.Entry);
                    Refuse(batch, first + refused.Entry, 1, refused.Reason);
                    if (refused.Entry + 1 < count)
                        parts.Push((first + refused.Entry + 1, count - refused.Entry - 1));
                    break;
                case Verdict.SomeRefused refused:
                    await FindRefusedAsync(batch, first, count, refused.Entries, refused.Reason);
                    break;
                case Verdict.Rejected rejected:
                    Fail(batch, first, count, $"the destination refuses them ({rejected.Reason})");
                    break;
                case Verdict.Unauthorized:
                    Fail(batch, first, count, "the destination refuses the credentials, also after they were fetched again");
                    IsStopped = true;
                    break;
                case Verdict.Retry retry:
                    Fail(batch, first, count, IsStopped ? retry.Reason : $"{retry.Reason}, and no attempt is left");
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => gzip.Dispose();

    // Of these entries the destination has all but some, and does not say which. Halves are sent again until it is clear; those that it
    // has come twice, each time that a half with a refused one is sent.
    private async Task FindRefusedAsync(Batch batch, int first, int count, int refused, string reason)
    {
        if (refused <= 0)
            Deliver(batch, first, count);
        else if (refused >= count)
            Refuse(batch, first, count, reason);
        else
        {
            var half = count / 2;
            var inHalf = await SendUntilJudgedAsync(batch.Body(first, half), half) switch
            {
                Verdict.Delivered => 0,
                Verdict.SomeRefused some => some.Entries,
                _ => -1,
            };
            if (inHalf < 0 || inHalf > refused)
            {
                Fail(batch, first, count, $"the destination refuses {refused} of them ({reason}), and it could not be found out which");
                return;
            }
            await FindRefusedAsync(batch, first, half, inHalf, reason);
            await FindRefusedAsync(batch, first + half, count - half, refused - inHalf, reason);
        }
    }

    private async Task<Verdict> SendUntilJudgedAsync(ReadOnlyMemory<byte> body, int count)
    {
        Compress(body);
        for (var attempt = 1; ; attempt++)
        {
            if (deadline.Remaining <= TimeSpan.Zero)
                return Stop(deadline.Reason);

            Verdict verdict;
            TimeSpan? retryAfter;
            try
            {
                (verdict, retryAfter) = await SendOnceAsync(count);
                if (verdict is Verdict.Unauthorized && !hasRefreshed)
                {
                    hasRefreshed = true;
                    if (!await credentials.RefreshAsync(deadline))
                        return verdict;
                    log.LogWarning("The destination refused the credentials; they have been fetched again.");
                    Retried++;
                    continue;
                }
            }
            catch (SettingException e)
            {
                return Stop(e.Message);
            }
            if (deadline.IsShutDown && verdict is Verdict.Retry)
                return Stop(deadline.Reason);
            if (verdict is not Verdict.Retry retry || attempt >= rules.Attempts && retryAfter is null)
                return verdict;

            // The pause that the destination asks for, or a random one below a limit that doubles; never all environments at once.
            var pause = retryAfter is { } asked ? asked + Jitter(1) : Jitter(attempt);
            if (attempt >= rules.Attempts)
                return Stop($"{retry.Reason}, and no attempt is left, nor for another batch in the pause that the destination asks for");
            if (pause >= deadline.Remaining)
                return Stop(retryAfter is null
                    ? $"{retry.Reason}, and the invocation's time is over"
                    : $"{retry.Reason}, and the destination asks for a longer pause than the invocation has");
            log.LogWarning("{Destination} did not take {Count} lines ({Reason}); attempt {Attempt} follows in {Pause} ms.",
                destination.Name, count, retry.Reason, attempt + 1, (long)pause.TotalMilliseconds);
            await deadline.DelayAsync(pause);
            Retried++;
        }
    }

    private async Task<(Verdict Verdict, TimeSpan? RetryAfter)> SendOnceAsync(int count)
    {
        using var request = destination.CreateRequest(await credentials.GetAsync(deadline), source);
        request.Content = new ReadOnlyMemoryContent(gzip.GetBuffer().AsMemory(0, (int)gzip.Length));
        request.Content.Headers.ContentType = new(destination.ContentType, "utf-8");
        request.Content.Headers.ContentEncoding.Add("gzip");
        using var timeout = deadline.Timeout(rules.RequestTimeout);
        HttpResponseMessage? response = null;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            var answer = await ReadAsync(response, timeout.Token);
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

    private void Compress(ReadOnlyMemory<byte> body)
    {
        gzip.SetLength(0);
        using var compressor = new GZipStream(gzip, CompressionLevel.Fastest, leaveOpen: true);
        compressor.Write(body.Span);
    }

    private Verdict.Retry Stop(string reason)
    {
        IsStopped = true;
        return new Verdict.Retry(reason);
    }

    // A line is there with its last part, if no other part of it is missing.
    private void Deliver(Batch batch, int first, int count)
    {
        for (var entry = first; entry < first + count; entry++)
        {
            var (line, isLast) = batch.LineOf(entry);
            if (isLast && (undelivered.Count == 0 || !undelivered.Contains(line)))
                Shipped++;
        }
    }

    private void Fail(Batch batch, int first, int count, string reason)
    {
        Failure = reason;
        for (var entry = first; entry < first + count; entry++)
            undelivered.Add(batch.LineOf(entry).Line);
        log.LogError("{Count} lines were not delivered to {Destination}: {Reason}", count, destination.Name, reason);
    }

    private void Refuse(Batch batch, int first, int count, string reason)
    {
        Refusal = reason;
        for (var entry = first; entry < first + count; entry++)
        {
            undelivered.Add(batch.LineOf(entry).Line);
            Refused.Add(batch.LineOf(entry).Line);
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
    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var announced = response.Content.Headers.ContentLength ?? LongestAnswer;
        if (announced == 0)
            return default;
        await using var content = await response.Content.ReadAsStreamAsync(cancellation);
        var answer = new byte[(int)Math.Min(announced, LongestAnswer)];
        var length = await content.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, cancellation);
        return answer.AsMemory(0, length);
    }

    private static string BrokenOff(HttpResponseMessage response) => $"{(int)response.StatusCode}, and the answer broke off";

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
