using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class BodyStreamTests
{
    [Fact]
    public void Holds_what_is_written_however_much_and_is_used_again()
    {
        using var body = new BodyStream();
        for (var time = 0; time < 2; time++)
        {
            var expected = Enumerable.Range(time, 300_000).Select(n => (byte)n).ToArray();
            body.SetLength(0);
            for (var at = 0; at < expected.Length; at += 7_000)
                body.Write(expected, at, Math.Min(7_000, expected.Length - at));

            Assert.Equal(expected, body.Written.ToArray());
            Assert.Equal(expected.Length, body.Length);
        }
    }
}
