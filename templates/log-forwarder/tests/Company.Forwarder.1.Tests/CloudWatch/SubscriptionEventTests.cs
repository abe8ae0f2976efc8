using System.Text;
using Amazon.Lambda.CloudWatchLogsEvents;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class SubscriptionEventTests
{
    [Fact]
    public void Keeps_characters_whole_wherever_the_buffer_ends()
    {
        // Three bytes a character and a prefix that grows by one: each line puts the end of a buffer elsewhere in a character.
        var lines = Enumerable.Range(0, 200).Select(n => new string('x', n) + new string('漢', 1_000)).ToArray();

        Assert.Equal(lines, Messages(LogsEvent.Of(lines)));
    }

    [Fact]
    public void Reads_a_line_of_a_mebibyte()
    {
        var line = string.Concat(Enumerable.Repeat("€\n\"", 262_144));

        Assert.Equal([line, "next"], Messages(LogsEvent.Of(line, "next")));
    }

    [Fact]
    public void Reads_an_event_without_holding_its_text_in_memory()
    {
        var payload = LogsEvent.Of(Enumerable.Repeat(new string('x', 1_000), 20_000));
        // The pools have their buffers then.
        LogsEvent.Read(payload);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(20_000, LogsEvent.Read(payload).LineCount);

        // 20 MB of text, 50 KB of gzip.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000);
    }

    [Fact]
    public void Refuses_a_token_that_no_log_event_can_hold() =>
        Assert.Throws<MalformedEventException>(() => LogsEvent.Read(LogsEvent.Of(new string('x', 9 << 20))));

    [Fact]
    public void Takes_the_members_in_any_order_and_passes_over_others()
    {
        var logs = LogsEvent.Read(LogsEvent.Pack(EventFiles.Good["unknown-members"]));

        Assert.Equal(("123456789012", "/aws/lambda/acme-auth-dev-hello", "2026/11/22/[$LATEST]8a1f0c3e5b7d4f6298c0d1e2f3a4b5c6"), (logs.Account, logs.LogGroup, logs.LogStream));
        Assert.Equal(2, logs.LineCount);
        using var events = logs.OpenEvents();
        Assert.True(events.Read());
        Assert.Equal((LogsEvent.FirstTimestamp, LogsEvent.Id(0)), (events.Timestamp, Encoding.UTF8.GetString(events.Id)));
    }

    [Fact]
    public void Has_the_envelope_of_the_events_package()
    {
        var payload = LogsEvent.Of("a line");

        CloudWatchLogsEvent envelope = SubscriptionEvent.ReadEnvelope(payload);

        Assert.Equal(payload, LogsEvent.Wrap(envelope.Awslogs.EncodedData));
    }

    [Fact]
    public void Decodes_base64_with_escaped_slashes()
    {
        var payload = Encoding.UTF8.GetString(LogsEvent.Of(Enumerable.Range(0, 200).Select(n => $"line {n * 7919}")));
        Assert.Contains('/', payload);

        Assert.Equal(200, LogsEvent.Read(Encoding.UTF8.GetBytes(payload.Replace("/", "\\/", StringComparison.Ordinal))).LineCount);
    }

    [Fact]
    public void Repeats_nothing_of_a_malformed_event()
    {
        var payloads = EventFiles.Malformed.Values.Select(file => file.Payload)
            .Append("""{"password":"hunter2"}"""u8.ToArray())
            .Append("""{"awslogs":{"data":"hunter2"}}"""u8.ToArray())
            .Append("hunter2"u8.ToArray())
            .Append(LogsEvent.Pack("hunter2"));

        Assert.All(payloads, payload =>
        {
            var message = Assert.Throws<MalformedEventException>(() => LogsEvent.Read(payload)).Message;
            Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
            Assert.Contains("expected", message, StringComparison.Ordinal);
        });
    }

    private static List<string> Messages(byte[] payload)
    {
        var messages = new List<string>();
        using var events = LogsEvent.Read(payload).OpenEvents();
        while (events.Read())
            messages.Add(Encoding.UTF8.GetString(events.TakeMessage()));
        return messages;
    }
}
