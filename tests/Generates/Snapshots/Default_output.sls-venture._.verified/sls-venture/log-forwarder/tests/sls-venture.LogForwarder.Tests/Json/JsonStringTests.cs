using System.Buffers;
using System.Text;
using System.Text.Json;
using Xunit;

namespace sls_venture.LogForwarder.Tests;

public sealed class JsonStringTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData(@"\""\\\/\b\f\n\r\t", "\"\\/\b\f\n\r\t")]
    [InlineData(@"\u00e9 \u20AC \uD83D\uDE80 \u0000", "é € 🚀 \0")]
    [InlineData(@"a\ud83db", "a\uFFFDb")]
    [InlineData(@"a\ude80b", "a\uFFFDb")]
    [InlineData(@"\ud83d\ud83d\ude80", "\uFFFD🚀")]
    [InlineData(@"\ud83d\u0041", "\uFFFDA")]
    [InlineData(@"\ud83d\n", "\uFFFD\n")]
    [InlineData(@"\ud83d", "\uFFFD")]
    public void Takes_the_escapes_out(string escaped, string text) => Assert.Equal(text, Unescape(Encoding.UTF8.GetBytes(escaped)));

    [Fact]
    public void Replaces_bytes_that_are_no_text() =>
        Assert.Equal("a\uFFFDb\uFFFD\"", Unescape([(byte)'a', 0xFF, (byte)'b', 0xE2, 0x82, (byte)'\\', (byte)'"']));

    [Fact]
    public void Writes_what_a_JSON_reader_reads_back()
    {
        var text = string.Concat(Enumerable.Range(0, 0x2100).Where(c => !char.IsSurrogate((char)c)).Select(c => (char)c)) + "🚀\u2028\u2029\u007f";
        var writer = new ArrayBufferWriter<byte>();
        writer.WriteString(Encoding.UTF8.GetBytes(text));
        Assert.Equal(text, JsonElement.Parse(writer.WrittenSpan).GetString());
    }

    [Theory]
    [InlineData("abc", 3, 3)]
    [InlineData("abc", 2, 2)]
    [InlineData("a\"c", 2, 1)]
    [InlineData("a\u0001c", 6, 1)]
    [InlineData("a€c", 3, 1)]
    [InlineData("a€c", 4, 4)]
    [InlineData("🚀🚀", 7, 4)]
    [InlineData("abc", 0, 0)]
    [InlineData("abc", -5, 0)]
    public void Fits_whole_characters(string text, int room, int fits) => Assert.Equal(fits, JsonString.Fit(Encoding.UTF8.GetBytes(text), room));

    [Theory]
    [InlineData("""{"a":"\ud83d"}""", """{"a":"\ufffd"}""")]
    [InlineData("""{"a":"\ud83d\ude80"}""", """{"a":"\ud83d\ude80"}""")]
    [InlineData("""{"a":"\ude80\ud83d\u0041"}""", """{"a":"\ufffd\ufffd\u0041"}""")]
    [InlineData("""{"a":"\\ud83d \\\ud83d"}""", """{"a":"\\ud83d \\\ufffd"}""")]
    [InlineData("{\r\n  \"a\" : \"b\\n\"\n}", "{    \"a\" : \"b\\n\" }")]
    public void Makes_a_document_fit_for_one_line(string json, string safe)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        JsonString.MakeSafe(bytes);
        Assert.Equal(safe, Encoding.UTF8.GetString(bytes));
    }

    private static string Unescape(byte[] escaped)
    {
        var destination = ArrayPool<byte>.Shared.Rent(1);
        var length = JsonString.Unescape(escaped, ref destination);
        return Encoding.UTF8.GetString(destination, 0, length);
    }
}
