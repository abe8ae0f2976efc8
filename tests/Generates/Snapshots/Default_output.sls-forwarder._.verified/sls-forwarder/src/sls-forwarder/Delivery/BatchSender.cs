using System.IO.Compression;
using System.Net;
using Amazon.Lambda.Core;

namespace sls_forwarder;

/// <summary>Sends the batches of one event, one after the other, until the destination has each entry or it is certain that it will not.</summary>
public sealed class BatchSender(
    HttpClient http, Destination destination, CredentialSource credentials, DeliveryRules rules, LogSource source, Deadline deadline, ILambdaLogger log)
    : IDisposable
{
    private const int LongestAnswer = 64 << 10;

    private readonly MemoryStream gzip = new();
    private bool hasRefreshed;
    private int tooLong = int.MaxValue;

    /// <summary>How many entries the destination has.</summary>
    public int Shipped { get; private set; }

    /// <summary>How many requests were sent again.</summary>
    public int Retried { get; private set; }

    /// <summary>How many bytes were sent, compressed.</summary>
    public long Bytes { get; private set; }

    /// <summary>Why entries were not delivered: the last reason. Null as long as all were.</summary>
    public string? Failure { get; private set; }

    /// <summary>Whether sending more is of no use now: the time is over, the credentials are refused, or the destination wants a longer pause.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Sends the entries of a batch. Those that are not counted in <see cref="Shipped"/> afterwards were not delivered.</summary>
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
                    Shipped += count;
                    break;
                case Verdict.Split when count > 1:
                    tooLong = Math.Min(tooLong, body.Length);
                    parts.Push((first + count / 2, count - count / 2));
                    parts.Push((first, count / 2));
                    break;
                case Verdict.Split:
                    Fail(1, "an entry is too large for the destination (413)");
                    break;
                case Verdict.EntryRejected rejected:
                    Shipped += rejected.Entry;
                    Fail(1, $"the destination refuses an entry ({rejected.Reason})");
                    if (rejected.Entry + 1 < count)
                        parts.Push((first + rejected.Entry + 1, count - rejected.Entry - 1));
                    break;
                case Verdict.Rejected rejected:
                    Shipped += count - rejected.Entries;
                    if (rejected.Entries > 0)
                        Fail(rejected.Entries, $"the destination refuses them ({rejected.Reason})");
                    break;
                case Verdict.Unauthorized:
                    Fail(count, "the destination refuses the credentials, also after they were fetched again");
                    IsStopped = true;
                    break;
                case Verdict.Retry retry:
                    Fail(count, IsStopped ? retry.Reason : $"{retry.Reason}, and no attempt is left");
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => gzip.Dispose();

    private async Task<Verdict> SendUntilJudgedAsync(ReadOnlyMemory<byte> body, int count)
    {
        Compress(body);
        for (var attempt = 1; ; attempt++)
        {
            if (deadline.Remaining <= TimeSpan.Zero)
                return Stop("the invocation's time is over");

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
            await Task.Delay(pause);
            Retried++;
        }
    }

    private async Task<(Verdict Verdict, TimeSpan? RetryAfter)> SendOnceAsync(int count)
    {
        using var request = destination.CreateRequest(await credentials.GetAsync(deadline), source);
        request.Content = new ReadOnlyMemoryContent(gzip.GetBuffer().AsMemory(0, (int)gzip.Length));
        request.Content.Headers.ContentType = new(destination.ContentType, "utf-8");
        request.Content.Headers.ContentEncoding.Add("gzip");
        using var timeout = new CancellationTokenSource(deadline.AtMost(rules.RequestTimeout));
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            var answer = await ReadAsync(response, timeout.Token);
            Bytes += gzip.Length;
            return (destination.Judge(response.StatusCode, answer, count), RetryAfter(response));
        }
        catch (OperationCanceledException)
        {
            return (new Verdict.Retry("no answer in time"), null);
        }
        // What an exception of the network says may name the URL, which can be the secret.
        catch (HttpRequestException e)
        {
            return (new Verdict.Retry($"{e.HttpRequestError}"), null);
        }
        catch (IOException e)
        {
            return (new Verdict.Retry(e.GetType().Name), null);
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

    private void Fail(int count, string reason)
    {
        Failure = reason;
        log.LogError("{Count} lines were not delivered to {Destination}: {Reason}", count, destination.Name, reason);
    }

    private TimeSpan Jitter(int attempt) =>
        Shorter(rules.FirstPause * Math.Pow(2, attempt - 1), rules.LongestPause) * Random.Shared.NextDouble();

    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var after = response.Headers.RetryAfter;
        var pause = after?.Delta ?? after?.Date - DateTimeOffset.UtcNow;
        return pause < TimeSpan.Zero ? TimeSpan.Zero : pause;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var announced = response.Content.Headers.ContentLength ?? LongestAnswer;
        if (announced == 0)
            return default;
        try
        {
            await using var content = await response.Content.ReadAsStreamAsync(cancellation);
            var answer = new byte[(int)Math.Min(announced, LongestAnswer)];
            var length = await content.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, cancellation);
            return answer.AsMemory(0, length);
        }
        catch (Exception e) when (response.IsSuccessStatusCode && e is IOException or HttpRequestException or OperationCanceledException)
        {
            // The lines are in, whatever happened to the rest of the answer: sent again they would be there twice.
            return default;
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
