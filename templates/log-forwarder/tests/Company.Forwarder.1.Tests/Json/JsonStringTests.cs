using System.Buffers;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Company.Forwarder._1.Tests;

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

    // The bytes of a vector lie before and behind each escape, whole or in part.
    [Theory]
    [InlineData("plain")]
    [InlineData(@"\""\\\/\b\f\n\r\t")]
    [InlineData(@"\u0022\u002B\u007F\u0080\u00e9\u20AC\uD83D\uDE80\u0000")]
    [InlineData(@"a\ud83db\ude80c")]
    [InlineData(@"\ud83d\ud83d\ude80")]
    [InlineData(@"\ud83d\u0041\ud83d\n\ud83d")]
    [InlineData("日本語テキスト 🚀")]
    public void Reads_the_rest_of_a_string_as_it_unescapes_it(string escaped)
    {
        for (var before = 0; before < 40; before++)
        {
            var inside = new string('a', before) + escaped + new string('b', before % 17) + escaped;
            var document = Encoding.UTF8.GetBytes(inside + "\",\"next\":\"\\n\"");
            var destination = ArrayPool<byte>.Shared.Rent(1);

            Assert.Equal(Encoding.UTF8.GetByteCount(inside) + 1, JsonString.ReadRest(document, ref destination, out var written));
            Assert.Equal(Unescape(Encoding.UTF8.GetBytes(inside)), Encoding.UTF8.GetString(destination, 0, written));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("no end")]
    [InlineData("a longer one that has no end either, and an escape \\n in it")]
    [InlineData("\\")]
    [InlineData("\\x\"")]
    [InlineData("\\u12\"")]
    [InlineData("\\u12g4\"")]
    [InlineData("\\ud83d\\u")]
    [InlineData("\\ud83d\\u00\"")]
    [InlineData("\\ud83d\\u00g0\"")]
    [InlineData("a line\nbreak\"")]
    [InlineData("\u0000\"")]
    public void Reads_no_string_that_is_none(string rest)
    {
        var destination = ArrayPool<byte>.Shared.Rent(1);
        Assert.Equal(-1, JsonString.ReadRest(Encoding.UTF8.GetBytes(rest), ref destination, out _));
    }

    [Fact]
    public void Reads_no_string_of_bytes_that_are_no_text()
    {
        var destination = ArrayPool<byte>.Shared.Rent(1);
        Assert.Equal(-1, JsonString.ReadRest([(byte)'a', 0xFF, (byte)'"'], ref destination, out _));
    }

    [Fact]
    public void Replaces_bytes_that_are_no_text() =>
        Assert.Equal("a\uFFFDb\uFFFD\"", Unescape([(byte)'a', 0xFF, (byte)'b', 0xE2, 0x82, (byte)'\\', (byte)'"']));

    [Fact]
    public void Writes_what_a_JSON_reader_reads_back()
    {
        var text = string.Concat(Enumerable.Range(0, 0x2100).Where(c => !char.IsSurrogate((char)c)).Select(c => (char)c)) + "🚀\u2028\u2029\u007f";
        using var writer = new PooledBuffer(1);
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
