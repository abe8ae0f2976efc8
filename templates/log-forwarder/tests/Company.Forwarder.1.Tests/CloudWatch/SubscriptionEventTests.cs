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

    // What is written as CloudWatch Logs writes it is read in a quicker way, and all else as any JSON: it must be the same in both, and at
    // every change from one to the other.
    [Theory]
    [InlineData("")]
    [InlineData(",\"logEvents\":[]")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData(",")]
    [InlineData("x")]
    public void Reads_the_usual_form_and_any_other_alike(string odd)
    {
        string[] forms =
        [
            """{"id":"1","timestamp":1795348800123,"message":"usual"}""",
            """{"id":"2","timestamp":1795348800124,"message":"\u0022quoted\" \\ \ud83d and \ud83d\ude80, of 漢字"}""",
            """{ "id":"3","timestamp":1795348800125,"message":"a blank"}""",
            """{"timestamp":1795348800126,"message":"another order","id":"4"}""",
            """{"id":"5","timestamp":1795348800127,"message":"first","message":"and another","extractedFields":{"a":"b"}}""",
            """{"id":"\u0036","timestamp":0,"message":"an escaped id"}""",
            """{"id":"7","timestamp":253402300799999,"message":""}""",
            $$"""{"id":"8","timestamp":1795348800128,"message":"{{new string('x', 70_000)}}"}""",
            """{"id":"9","timestamp":1.5,"message":"no whole number"}""",
            """{"id":"9","timestamp":01,"message":"no JSON number"}""",
            """{"id":"9","timestamp":+1,"message":"no JSON number"}""",
            """{"id":"9","timestamp":253402300800000,"message":"too late"}""",
            """{"id":"9","timestamp":1,"message":"no escape \x"}""",
        ];
        for (var first = 0; first < forms.Length; first++)
        {
            for (var next = 0; next < forms.Length; next++)
            {
                foreach (var separator in new[] { ",", $"{odd},", $",{odd}", odd })
                {
                    var events = $"{(first == 0 ? odd : "")}{forms[first]}{separator}{forms[next]},{forms[0]}{odd}";
                    var gzip = LogsEvent.Gzip(Encoding.UTF8.GetBytes($$"""{"owner":"1","logGroup":"/g","logEvents":[{{events}}],"logStream":"s"}"""));

                    Assert.Equal(ReadAll(gzip, isPlain: true), ReadAll(gzip, isPlain: false));
                }
            }
        }
    }

    [Theory]
    [InlineData(7_700, true)]
    [InlineData(7_900, false)]
    public void Reads_twice_what_it_keeps_and_what_is_too_much_to_keep(int lines, bool isKept)
    {
        var text = new string('x', 1_000);
        using var logs = LogsEvent.Read(LogsEvent.Of(Enumerable.Range(0, lines).Select(n => $"{n} {text}")));

        for (var time = 0; time < 2; time++)
        {
            using var events = logs.OpenEvents();
            Assert.Equal(isKept, events is not LogEventReader);
            for (var n = 0; n < lines; n++)
            {
                Assert.True(events.Read());
                Assert.Equal((LogsEvent.Id(n), LogsEvent.FirstTimestamp + n, $"{n} {text}"), (Encoding.UTF8.GetString(events.Id), events.Timestamp, Encoding.UTF8.GetString(events.Message)));
            }
            Assert.False(events.Read());
        }
    }

    [Fact]
    public void Tells_where_in_the_document_something_is_wrong()
    {
        var json = LogsEvent.Json(["one", "two", "three"]).Replace("three\"", "three\"x", StringComparison.Ordinal);

        var message = Assert.Throws<MalformedEventException>(() => LogsEvent.Read(LogsEvent.Pack(json))).Message;

        Assert.Contains($"(line 0, byte {json.IndexOf("\"x", StringComparison.Ordinal) + 1})", message, StringComparison.Ordinal);
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

    // The log events and the members, or what is said of a malformed event but for the place, which only one of the readers knows.
    private static List<string?> ReadAll(byte[] gzip, bool isPlain)
    {
        var all = new List<string?>();
        using var events = new LogEventReader(gzip, isPlain);
        try
        {
            while (events.Read())
                all.Add($"{Encoding.UTF8.GetString(events.Id)} {events.Timestamp} {Encoding.UTF8.GetString(events.EscapedMessage)} {Encoding.UTF8.GetString(events.Message)}");
        }
        catch (MalformedEventException e)
        {
            all.Add(e.Message.Split('(')[0]);
        }
        return [.. all, events.Owner, events.LogGroup, events.LogStream];
    }

    private static List<string> Messages(byte[] payload)
    {
        var messages = new List<string>();
        using var events = LogsEvent.Read(payload).OpenEvents();
        while (events.Read())
            messages.Add(Encoding.UTF8.GetString(events.Message));
        return messages;
    }
}
