using System.Text;
using System.Text.Json;
using Xunit;

namespace sls_venture.LogForwarder.Tests;

public sealed class EventFilesTests
{
    public static TheoryData<string> Files => [.. EventFiles.Names];

    [Fact]
    public void Each_file_holds_what_its_name_says()
    {
        if (Environment.GetEnvironmentVariable("WRITE_EVENTS") is { Length: > 0 } folder)
            EventFiles.Write(folder);

        Assert.Equal(EventFiles.Good.Keys.Concat(EventFiles.Malformed.Keys).Order(), EventFiles.Names);
        Assert.All(EventFiles.Good, file => Assert.Equal(file.Value, Encoding.UTF8.GetString(LogsEvent.Unpack(EventFiles.Read(file.Key)))));
        Assert.All(EventFiles.Malformed, file => Assert.Contains(
            file.Value.Says, Assert.Throws<MalformedEventException>(() => LogsEvent.Read(EventFiles.Read(file.Key))).Message, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Ships_every_line_of_a_file_or_fails_and_says_why(string name)
    {
        await using var server = await DestinationServer.StartAsync();
        var shipper = TestShipper.Create(server);
        var invocation = new TestInvocation();
        var failure = await Record.ExceptionAsync(() => shipper.ShipAsync(EventFiles.Read(name), invocation));

        if (EventFiles.Malformed.TryGetValue(name, out var malformed))
        {
            Assert.Contains(malformed.Says, Assert.IsType<MalformedEventException>(failure).Message, StringComparison.Ordinal);
            Assert.Contains(invocation.Lines, line => line.StartsWith("Error: Malformed event", StringComparison.Ordinal));
            Assert.Empty(server.Requests);
            await shipper.ShipAsync(LogsEvent.Of("the next one"), new TestInvocation());
            Assert.Equal("the next one", Assert.Single(server.Taken).Line.GetString());
            return;
        }

        Assert.Null(failure);
        Assert.Empty(invocation.Lines);
        var lines = name is "control-message" or "own-log-group" ? [] : MessagesOf(EventFiles.Good[name]);
        Assert.Equal(lines.Count, server.Taken.Count());
        Assert.All(server.Taken.Zip(lines), pair => Assert.True(IsSame(pair.First.Line, pair.Second), $"{pair.First.Line} is not {pair.Second}"));
    }

    private static List<string> MessagesOf(string json)
    {
        using var document = JsonDocument.Parse(json.Replace("\\ud83d.", "\\ufffd.", StringComparison.Ordinal));
        return [.. document.RootElement.GetProperty("logEvents").EnumerateArray()
            .Select(line => line.GetProperty("message").GetString()!.TrimEnd('\r', '\n'))
            .Where(line => line.Length > 0)];
    }

    private static bool IsSame(JsonElement taken, string line) =>
        taken.ValueKind == JsonValueKind.Object ? JsonElement.DeepEquals(taken, JsonElement.Parse(line)) : taken.GetString() == line;
}
