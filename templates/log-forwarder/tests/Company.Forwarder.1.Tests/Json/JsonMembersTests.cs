using System.Text;
using System.Text.Json;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class JsonMembersTests
{
    private static readonly string[] Documents =
    [
        """{"a":1}""", """{"a":"b","c":[1,{"d":null}],"e":{"f":true,"g":false}}""", " {\r\n\t\"a\" : \"b\" ,\"c\":[ ] , \"d\" : { } } \n", "{}",
        """{"a":-0.5e+10,"b":0,"c":1E5,"d":12345678901234567890123,"e":1.0}""", """{"":""}""", """{"a":1,"a":2}""",
        """{"a":"\"\\\/\b\f\n\r\t\u0022\u00E9\ud83d\ude80\ud83d"}""", """{"a\u0022b":"c"}""", """{"é":"日本語 🚀"}""",
        """{"a":"a longer text in which the next escape is far away, beyond a vector \" and another one follows \u0022"}""",
        """{"a":01}""", """{"a":1.}""", """{"a":.5}""", """{"a":-}""", """{"a":1e}""", """{"a":1e+}""", """{"a":+1}""", """{"a":1x}""", """{"a":tru}""", """{"a":truex}""",
        """{"a":"\x"}""", """{"a":"\u12"}""", """{"a":"\u12g4"}""", """{"a":"\"}""", "{\"a\":\"\n\"}", "{\"a\":\"\u0001\"}", "{\"a\":\"\u007f\"}",
        """{"a":1,}""", """{,"a":1}""", """{"a" 1}""", """{"a":}""", """{"a":1]""", """{"a":[1,]}""", """{"a":[1}}""", """{a:1}""", """{'a':1}""", """{"a":1}}""", """{"a":1} x""",
        """{"a":1""", """{"a":""", """{"a":"b""", """{"a""", """{""", "", """["a"]""", """ "a" """, "\uFEFF{\"a\":1}", """{"a":1/**/}""", """{"a":NaN}""",
    ];

    [Fact]
    public void Takes_what_the_reader_of_NET_takes() => Assert.All(Documents, document => AssertTheSame(Encoding.UTF8.GetBytes(document)));

    [Fact]
    public void Takes_what_the_reader_of_NET_takes_when_a_byte_is_wrong()
    {
        var bytes = "{}[]\",:\\u0019dDeE+-. \n\ttrfna\u0001"u8.ToArray();
        foreach (var document in Documents.Select(Encoding.UTF8.GetBytes))
        {
            for (var at = 0; at < document.Length; at++)
            {
                AssertTheSame([.. document[..at], .. document[(at + 1)..]]);
                foreach (var other in bytes)
                    AssertTheSame([.. document[..at], other, .. document[(at + 1)..]]);
            }
        }
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    public void Goes_as_deep_as_the_reader_of_NET(string open, string close)
    {
        foreach (var depth in Enumerable.Range(60, 8))
            AssertTheSame(Encoding.UTF8.GetBytes($$"""{"a":{{string.Concat(Enumerable.Repeat(open, depth))}}1{{string.Concat(Enumerable.Repeat(close, depth))}}}"""));
    }

    [Theory]
    [InlineData("""{"a":"b"}""", false, false)]
    [InlineData("{\"a\":\"b\"\n}", true, false)]
    [InlineData("""{"a":{"b":["\u00e9 \u0022 \n"]}}""", false, false)]
    [InlineData("""{"a":{"b":["\ud83d"]}}""", false, true)]
    [InlineData("""{"\uDE80":1}""", false, true)]
    [InlineData("""{"a":"\uD7FF \\ud83d"}""", false, false)]
    public void Tells_what_another_document_may_not_hold(string json, bool hasLineBreak, bool hasSurrogate)
    {
        var members = new JsonMembers(Encoding.UTF8.GetBytes(json));
        while (members.Read())
        {
        }

        Assert.True(members.IsWhole);
        Assert.Equal((hasLineBreak, hasSurrogate), (members.HasLineBreak, members.HasSurrogate));
    }

    [Theory]
    [InlineData("""{"level":1}""", true)]
    [InlineData("""{"l\u0065vel":1}""", true)]
    [InlineData("""{"level\u0022":1}""", false)]
    [InlineData("""{"\ud800":1}""", false)]
    public void Knows_a_name_with_escapes(string json, bool isLevel)
    {
        var members = new JsonMembers(Encoding.UTF8.GetBytes(json));
        Assert.True(members.Read());
        Assert.Equal(isLevel, members.HasName("level"u8));
    }

    // The names and the values of an object with a member, or that it is none.
    private static void AssertTheSame(byte[] document)
    {
        var expected = new List<(string, string)>();
        var isObject = false;
        try
        {
            var reader = new Utf8JsonReader(document);
            isObject = reader.Read() && reader.TokenType == JsonTokenType.StartObject;
            while (isObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = Encoding.UTF8.GetString(reader.ValueSpan);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                expected.Add((name, Encoding.UTF8.GetString(document.AsSpan(start..(int)reader.BytesConsumed))));
            }
            while (reader.Read())
            {
            }
        }
        catch (JsonException)
        {
            isObject = false;
        }

        var actual = new List<(string, string)>();
        var members = new JsonMembers(document);
        while (members.Read())
            actual.Add((Encoding.UTF8.GetString(members.Name), Encoding.UTF8.GetString(members.Value)));

        Assert.True(isObject == members.IsWhole, Encoding.UTF8.GetString(document));
        if (isObject)
            Assert.Equal(expected, actual);
    }
}
