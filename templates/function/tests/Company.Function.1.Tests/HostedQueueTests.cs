using System.Net;
using System.Text.Json.Nodes;
using Amazon.Lambda.SQSEvents;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Company.Function._1.Tests;

using Host;

/// <summary>The worker in a process of its own, between a queue on loopback and the emulated table, and how it treats what a function answers.</summary>
public sealed class HostedQueueTests(LocalServices services) : IAsyncLifetime
{
    private readonly string run = Guid.NewGuid().ToString("n")[..8];
    private QueueServer queue = null!;

    public async ValueTask InitializeAsync() => queue = await QueueServer.StartAsync();

    public ValueTask DisposeAsync() => queue.DisposeAsync();

    [Fact]
    public async Task Keeps_the_trade_items_of_the_queue_in_the_trace_of_their_senders_and_deletes_their_messages()
    {
        await services.StartAsync();
        var trace = Trace.Create();
        queue.VisibilityTimeout = TimeSpan.FromSeconds(1);
        queue.Send("good", TradeItemOf($"{run}-1"), trace);
        queue.Send("poison", """{"secret": "do not log me"}""");
        queue.Send("undeletable", TradeItemOf($"{run}-2"));
        queue.Undeletable = "undeletable";
        await using var hosted = Start();

        await hosted.WaitForOutputAsync(line => line.Contains("was kept before", StringComparison.Ordinal) && line.Contains($"{run}-2", StringComparison.Ordinal));

        await UntilAsync(() => queue.ReceivesOf("poison") > 1);
        Assert.Equal(["poison", "undeletable"], queue.Left);
        Assert.Equal(2, (await services.ItemsAsync("tradeItems", item => item["id"].S.StartsWith(run, StringComparison.Ordinal))).Count);
        var kept = JsonNode.Parse(await hosted.WaitForOutputAsync(line => line.Contains($"{run}-1", StringComparison.Ordinal)))!;
        Assert.Equal((trace, "good", "Information"), ((string)kept["traceId"]!, (string)kept["MessageId"]!, (string)kept["level"]!));
        await hosted.WaitForOutputAsync(line => line.Contains("poison failed in trace Root=1-", StringComparison.Ordinal) && line.Contains("InvalidTradeItemException", StringComparison.Ordinal));
        await hosted.WaitForOutputAsync(line => line.Contains("Message undeletable is handled, but could not be deleted, and comes again, in trace Root=1-", StringComparison.Ordinal));
        Assert.DoesNotContain(hosted.Output.Concat(hosted.Errors), line => line.Contains("do not log me", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Finishes_and_deletes_what_it_has_and_takes_nothing_more_when_it_is_told_to_end()
    {
        await using var collector = await TraceCollector.StartAsync();
        await using var table = await HeldTable.StartAsync();
        queue.Send("begun", TradeItemOf($"{run}-1"), "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1");
        await using var hosted = Start([.. table.Settings, .. collector.Settings, new("BATCHES_AT_A_TIME", "2")]);
        await table.AskedAsync();

        await UntilAsync(() => queue.Waiting == 1);
        hosted.SendTerm();
        await UntilAsync(() => queue.Waiting == 0);
        queue.Send("late", TradeItemOf($"{run}-2"));
        table.Answer();

        Assert.Equal(0, await hosted.ExitAsync());
        Assert.Equal(["late"], queue.Left);
        Assert.Equal(0, queue.ReceivesOf("late"));
        // The span of the batch, which is linked with the sender's.
        Assert.Contains(Convert.ToHexStringLower("onMessage"u8), collector.Spans, StringComparison.Ordinal);
        Assert.Contains("67891233abcdef012345678912345678", collector.Spans, StringComparison.Ordinal);
        Assert.Contains("53995c3f42cd8ad8", collector.Spans, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_not_ready_while_the_queue_is_down_and_asks_it_again()
    {
        await services.StartAsync();
        queue.IsDown = true;
        queue.Send("early", TradeItemOf($"{run}-1"));
        await using var hosted = Start();
        using var http = new HttpClient { BaseAddress = await AddressOfAsync(hosted) };

        await hosted.WaitForOutputAsync(line => line.Contains("The queue does not answer, and is asked again in 1 s, in trace Root=1-", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health/live", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("/health/ready", Cancel)).StatusCode);

        queue.IsDown = false;
        await hosted.WaitForOutputAsync(line => line.Contains($"{run}-1", StringComparison.Ordinal) && line.Contains("is kept", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health/ready", Cancel)).StatusCode);
    }

    [Fact]
    public async Task Ends_with_one_sentence_when_a_setting_is_missing()
    {
        await using var hosted = Start([new("TRADE_ITEMS_TABLE", "tradeItems"), new("TRADE_ITEMS_QUEUE_URL", "")]);

        Assert.Equal(1, await hosted.ExitAsync());
        Assert.Equal(["The setting TRADE_ITEMS_QUEUE_URL is missing; expected the URL of an SQS queue."], hosted.Errors);
    }

    [Theory]
    [InlineData("TRADE_ITEMS_TABLE", "", "The setting TRADE_ITEMS_TABLE is missing")]
    [InlineData("TRADE_ITEMS_QUEUE_URL", "trade-items", "The setting TRADE_ITEMS_QUEUE_URL is \"trade-items\"; expected the URL of an SQS queue")]
    [InlineData("AWS_ENDPOINT_URL_SQS", "", "The setting AWS_REGION is missing; expected the region of the queue")]
    [InlineData("BATCHES_AT_A_TIME", "0", "The setting BATCHES_AT_A_TIME is \"0\"; expected a number from 1 to 100")]
    public void Does_not_begin_with(string setting, string value, string sentence)
    {
        var settings = new Dictionary<string, string?>(queue.Settings)
        {
            ["TRADE_ITEMS_TABLE"] = "tradeItems",
            ["AWS_ENDPOINT_URL_DYNAMODB"] = "http://127.0.0.1:9",
            ["AWS_REGION"] = "",
            [setting] = value,
        };

        Assert.StartsWith(sentence, Assert.Throws<SettingException>(() => HostedQueue.Build(Arguments(settings))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("throws", "InvalidDataException")]
    [InlineData("names a message of another batch", "InvalidDataException")]
    [InlineData("names none", "InvalidDataException")]
    [InlineData("does not come back", "TimeoutException")]
    public async Task Deletes_nothing_of_a_batch_whose_function(string does, string reason)
    {
        var calls = 0;
        queue.VisibilityTimeout = TimeSpan.FromMilliseconds(600);
        queue.Send("message", "body");
        var lines = new Lines();
        await using var app = await StartAsync(lines, async batch =>
        {
            if (Interlocked.Increment(ref calls) > 1)
                return new SQSBatchResponse();
            if (does == "throws")
                throw new InvalidDataException("As it may.");
            if (does == "does not come back")
                await Task.Delay(Timeout.Infinite, Cancel);
            return new SQSBatchResponse([new SQSBatchResponse.BatchItemFailure { ItemIdentifier = does == "names none" ? null! : "another" }]);
        });

        await UntilAsync(() => calls == 2 && !queue.Left.Any());

        var line = Assert.Single(lines.All, line => line.Contains("onMessage failed in trace Root=1-", StringComparison.Ordinal));
        Assert.EndsWith($"and its 1 messages come again: {reason}", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shows_the_function_a_message_as_lambda_does()
    {
        var trace = Trace.Create();
        SQSEvent? seen = null;
        queue.Send("message", "body", trace);
        await using var app = await StartAsync(new Lines(), batch =>
        {
            seen = batch;
            return Task.FromResult(new SQSBatchResponse());
        });
        await UntilAsync(() => !queue.Left.Any());

        var message = Assert.Single(seen!.Records);
        Assert.Equal(("message", "body", "message#1", "841a2d689ad86bd1611447453c22c6fc"), (message.MessageId, message.Body, message.ReceiptHandle, message.Md5OfBody));
        Assert.Equal(("aws:sqs", "arn:aws:sqs:ap-southeast-2:123456789012:trade-items", "ap-southeast-2"), (message.EventSource, message.EventSourceArn, message.AwsRegion));
        Assert.Equal((trace, "1"), (message.Attributes["AWSTraceHeader"], message.Attributes["ApproximateReceiveCount"]));
        Assert.Equal(("String", "shop"), (message.MessageAttributes["origin"].DataType, message.MessageAttributes["origin"].StringValue));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string TradeItemOf(string id) =>
        new JsonObject { ["id"] = id, ["customer"] = null, ["product"] = "Tea", ["quantity"] = 2, ["placedAt"] = "2026-11-22T12:00:00Z" }.ToJsonString();

    private static string[] Arguments(IReadOnlyDictionary<string, string?> settings) =>
        [$"--contentRoot={AppContext.BaseDirectory}", "--urls=http://127.0.0.1:0", .. settings.Select(setting => $"--{setting.Key}={setting.Value}")];

    // "Now listening on: http://127.0.0.1:<port>"
    private static async Task<Uri> AddressOfAsync(RunningProgram hosted) =>
        new((string)JsonNode.Parse(await hosted.WaitForOutputAsync(line => line.Contains("Now listening on", StringComparison.Ordinal)))!["address"]!);

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var waited = 0; !condition() && waited < 400; waited++)
            await Task.Delay(25, Cancel);
        Assert.True(condition());
    }

    private RunningProgram Start(IEnumerable<KeyValuePair<string, string?>>? settings = null)
    {
        var environment = new Dictionary<string, string?>(queue.Settings) { ["AWS_REGION"] = "ap-southeast-2" };
        foreach (var (name, value) in settings ?? services.Settings)
            environment[name] = value;
        return new RunningProgram(typeof(HostedQueue).Assembly.Location, Arguments(new Dictionary<string, string?>()), environment);
    }

    // The same worker in this process, with another function.
    private async Task<WebApplication> StartAsync(Lines lines, Func<SQSEvent, Task<SQSBatchResponse>> handle)
    {
        var builder = KestrelHost.CreateBuilder(Arguments(new Dictionary<string, string?>(queue.Settings) { ["AWS_REGION"] = "ap-southeast-2" }));
        builder.Logging.ClearProviders().AddProvider(lines);
        QueueWorker.Add(builder, "TRADE_ITEMS_QUEUE_URL", "onMessage", TimeSpan.FromMilliseconds(500), (batch, _) => handle(batch));
        var app = builder.Build();
        await app.StartAsync(Cancel);
        return app;
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly List<string> lines = [];

        public IEnumerable<string> All
        {
            get
            {
                lock (lines)
                    return [.. lines];
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines)
                lines.Add(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }
}
