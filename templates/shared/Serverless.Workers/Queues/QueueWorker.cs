using System.Diagnostics;
using System.Globalization;
using Amazon;
using Amazon.Lambda.Core;
using Amazon.Lambda.SQSEvents;
using Amazon.SQS;
using Amazon.SQS.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Serverless;

/// <summary>
/// Hands the messages of an SQS queue to a function, as Lambda does: in batches of up to ten. A message is deleted when the function has
/// handled it. One that the function reports as failed, or whose batch failed, comes again when the queue's visibility timeout is over,
/// until the queue's redrive policy moves it to the dead-letter queue. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
/// </summary>
public sealed class QueueWorker : BackgroundService
{
    // SQS gives no more at once.
    private const int BatchSize = 10;

    // What deleting a batch takes at most, beside the function's time.
    private static readonly TimeSpan DeleteTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly IAmazonSQS sqs;
    private readonly Uri url;
    private readonly string region;
    private readonly string arn;
    private readonly int atATime;
    private readonly string function;
    private readonly TimeSpan timeout;
    private readonly Func<SQSEvent, ILambdaContext, Task<SQSBatchResponse>> handle;
    private readonly ILogger logger;
    private volatile bool isReceiving;

    private QueueWorker(
        IAmazonSQS sqs, Uri url, string region, int atATime, string function, TimeSpan timeout, Func<SQSEvent, ILambdaContext, Task<SQSBatchResponse>> handle, ILogger logger)
    {
        this.sqs = sqs;
        this.url = url;
        this.region = region;
        // https://sqs.<region>.amazonaws.com/<account>/<name>
        arn = $"arn:{RegionEndpoint.GetBySystemName(region).PartitionName}:sqs:{region}:{url.Segments[1].TrimEnd('/')}:{url.Segments[2]}";
        this.atATime = atATime;
        this.function = function;
        this.timeout = timeout;
        this.handle = handle;
        this.logger = logger;
    }

    /// <summary>Whether the queue answered when it was last asked for messages.</summary>
    public bool IsReceiving => isReceiving;

    /// <summary>
    /// Adds a worker to a host. Settings: <c>AWS_REGION</c> or <c>AWS_ENDPOINT_URL_SQS</c>, and <c>BATCHES_AT_A_TIME</c>, how many batches
    /// are handled side by side, 1 to 100, default 4. A host that is told to end waits for the batches that the function has.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="queue">The setting that holds the queue's URL.</param>
    /// <param name="function">The function's name, as in serverless.yml.</param>
    /// <param name="timeout">The function's time. It must be shorter than the queue's visibility timeout.</param>
    /// <param name="handle">Handles a batch, and answers with the messages that failed.</param>
    /// <exception cref="SettingException">A setting is missing or not of the form expected.</exception>
    public static void Add(
        IHostApplicationBuilder builder, string queue, string function, TimeSpan timeout, Func<SQSEvent, ILambdaContext, Task<SQSBatchResponse>> handle)
    {
        ArgumentNullException.ThrowIfNull(builder);
        string? Setting(string name) => builder.Configuration[name];
        // Made here, not when the host starts: a missing setting must be reported now.
        var (url, sqs, atATime) = (Sqs.QueueUrl(Setting, queue), Sqs.Connect(Setting), AtATime(Setting));
        builder.Services.AddSingleton(services => new QueueWorker(
            sqs, url, Sqs.Region(Setting), atATime, function, timeout, handle, services.GetRequiredService<ILoggerFactory>().CreateLogger("Serverless.Queue")));
        builder.Services.AddHostedService(services => services.GetRequiredService<QueueWorker>());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = timeout + DeleteTime);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        sqs.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, atATime).Select(_ => Task.Run(() => WorkAsync(stoppingToken), CancellationToken.None)));

    private static int AtATime(Func<string, string?> setting) =>
        setting("BATCHES_AT_A_TIME") is not { Length: > 0 } text ? 4
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 100 ? number
        : throw new SettingException($"The setting BATCHES_AT_A_TIME is \"{text}\"; expected a number from 1 to 100.");

    private async Task WorkAsync(CancellationToken stopping)
    {
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            Trace.Current = Trace.Create();
            List<Message> messages;
            try
            {
                // What SQS hands out while the request is being cancelled comes again, as what a function loses that Lambda ends.
                messages = await ReceiveAsync(stopping);
                (isReceiving, failures) = (true, 0);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, the queue is asked again.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                isReceiving = false;
                var pause = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, failures++), LongestPause.TotalSeconds));
                logger.LogError(exception, "The queue does not answer, and is asked again in {Seconds} s, in trace {RequestTrace}: {Reason}", (int)pause.TotalSeconds, Trace.Current, exception.GetType().Name);
                await Task.Delay(pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            if (messages.Count > 0)
                await HandleAsync(messages);
        }
    }

    private async Task<List<Message>> ReceiveAsync(CancellationToken stopping)
    {
        var request = new ReceiveMessageRequest
        {
            QueueUrl = url.OriginalString,
            MaxNumberOfMessages = BatchSize,
            // At first without waiting, so that the worker is ready as soon as the queue answers.
            WaitTimeSeconds = isReceiving ? (int)Sqs.LongestWait.TotalSeconds : 0,
            // As Lambda: all of them, AWSTraceHeader among them.
            MessageSystemAttributeNames = ["All"],
            MessageAttributeNames = ["All"],
        };
        return (await sqs.ReceiveMessageAsync(request, stopping)).Messages ?? [];
    }

    private async Task HandleAsync(List<Message> messages)
    {
        var context = new LocalContext(function, timeout, new FunctionLog(logger));
        Trace.Current = context.TraceId;
        using var span = Telemetry.Begin(
            function, ActivityKind.Consumer, context.TraceId, messages.Select(message => message.Attributes?.GetValueOrDefault("AWSTraceHeader")));
        List<Message> handled;
        try
        {
            var failed = FailuresIn(await handle(EventOf(messages), context).WaitAsync(timeout), messages);
            handled = [.. messages.Where(message => !failed.Contains(message.MessageId))];
        }
#pragma warning disable CA1031 // Whatever it is, it is this batch's, and the batch comes again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            span?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
            logger.LogError(exception, "{Function} failed in trace {RequestTrace}, and its {Messages} messages come again: {Reason}", function, Trace.Current, messages.Count, exception.GetType().Name);
            return;
        }

        if (handled.Count > 0)
            await DeleteAsync(handled);
    }

    // Lambda takes the whole batch for failed, too, if the answer names no message of it.
    private static HashSet<string> FailuresIn(SQSBatchResponse? answer, List<Message> messages)
    {
        var failed = (answer?.BatchItemFailures ?? []).Select(failure => failure.ItemIdentifier ?? "").ToHashSet();
        return failed.IsSubsetOf(messages.Select(message => message.MessageId))
            ? failed
            : throw new InvalidDataException("The function answered with an id that is not of a message in its batch; expected the ids of those that failed.");
    }

    // Not cancelled when the host is told to end: these are handled, and would only be handled again.
    private async Task DeleteAsync(List<Message> handled)
    {
        const string Undeleted = "Message {MessageId} is handled, but could not be deleted, and comes again, in trace {RequestTrace}: {Reason}";
        try
        {
            using var time = new CancellationTokenSource(DeleteTime);
            var answer = await sqs.DeleteMessageBatchAsync(
                new DeleteMessageBatchRequest
                {
                    QueueUrl = url.OriginalString,
                    Entries = [.. handled.Select((message, i) => new DeleteMessageBatchRequestEntry { Id = Text(i), ReceiptHandle = message.ReceiptHandle })],
                },
                time.Token);
            foreach (var fault in answer.Failed ?? [])
                logger.LogError(Undeleted, handled[int.Parse(fault.Id, CultureInfo.InvariantCulture)].MessageId, Trace.Current, fault.Code);
        }
#pragma warning disable CA1031 // Whatever it is, they come again, and the function handles a message once.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            foreach (var message in handled)
                logger.LogError(exception, Undeleted, message.MessageId, Trace.Current, exception.GetType().Name);
        }
    }

    // https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    private SQSEvent EventOf(List<Message> messages) => new()
    {
        Records = [.. messages.Select(message => new SQSEvent.SQSMessage
        {
            MessageId = message.MessageId,
            ReceiptHandle = message.ReceiptHandle,
            Body = message.Body,
            Md5OfBody = message.MD5OfBody,
            Md5OfMessageAttributes = message.MD5OfMessageAttributes,
            Attributes = message.Attributes ?? [],
            MessageAttributes = (message.MessageAttributes ?? []).ToDictionary(attribute => attribute.Key, attribute => new SQSEvent.MessageAttribute
            {
                DataType = attribute.Value.DataType,
                StringValue = attribute.Value.StringValue,
                BinaryValue = attribute.Value.BinaryValue,
                StringListValues = [],
                BinaryListValues = [],
            }),
            EventSource = "aws:sqs",
            EventSourceArn = arn,
            AwsRegion = region,
        })],
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
