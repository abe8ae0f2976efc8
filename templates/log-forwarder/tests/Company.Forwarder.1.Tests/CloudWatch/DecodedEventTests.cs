using System.Text;
using System.Text.Json;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class DecodedEventTests
{
    [Theory]
    [InlineData("""{"awslogs":{"data":"AAEC"}}""", true)]
    [InlineData("""{"awslogs":{"data":"AA=="}}""", true)]
    [InlineData("""{"awslogs":{"data":"+/+/"}}""", true)]
    [InlineData("""{"awslogs":{"data":""}}""", false)]
    [InlineData("""{"awslogs":{"data":"AAE"}}""", false)]
    [InlineData("""{"awslogs":{"data":"AA==AAEC"}}""", false)]
    [InlineData("""{"awslogs":{"data":"AA EC"}}""", false)]
    [InlineData("{\"awslogs\":{\"data\":\"AAEC\n\"}}", false)]
    [InlineData("""{"awslogs":{"data":"\/\/\/\/"}}""", false)]
    [InlineData("""{"awslogs":{"data":"AAEC","more":1}}""", false)]
    [InlineData("""{"awslogs": {"data":"AAEC"}}""", false)]
    [InlineData("""{"awslogs":{"data":"AAEC"}} """, false)]
    [InlineData("""{"awslogs":{"data":"AAEC"}""", false)]
    [InlineData("""{"AwsLogs":{"data":"AAEC"}}""", false)]
    public void Takes_only_what_Lambda_writes(string json, bool isTaken)
    {
        var bytes = Encoding.UTF8.GetBytes(json);

        using var decoded = DecodedEvent.TryDecode(bytes);

        Assert.Equal(isTaken, decoded is not null);
        if (decoded is not null)
            Assert.Equal(JsonElement.Parse(bytes).GetProperty("awslogs").GetProperty("data").GetBytesFromBase64(), decoded.Gzip.ToArray());
    }

    // However the envelope is written.
    [Theory]
    [InlineData("{0}")]
    [InlineData(" {0}\n")]
    [InlineData("\uFEFF{0}")]
    public void Reads_the_same_event_in_any_form(string form)
    {
        var payload = Encoding.UTF8.GetString(LogsEvent.Of("one", "two"));
        foreach (var json in new[] { payload, payload.Replace("awslogs", "Awslogs", StringComparison.Ordinal), payload.Replace("/", "\\/", StringComparison.Ordinal), payload.Replace("\"}", "\",\"more\":1}", StringComparison.Ordinal) })
        {
            using var stream = new MemoryStream(Encoding.UTF8.GetBytes(form.Replace("{0}", json, StringComparison.Ordinal)));
            using var logs = SubscriptionEvent.Read(SubscriptionEvent.ReadEnvelope(stream));
            using var events = logs.OpenEvents();

            Assert.True(events.Read());
            Assert.Equal("one", Encoding.UTF8.GetString(events.Message));
            Assert.Equal(2, logs.LineCount);
        }
    }
}
