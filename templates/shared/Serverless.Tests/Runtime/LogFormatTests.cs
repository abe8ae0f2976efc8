using System.Text;
using Amazon.Lambda.Core;
using Serverless.Runtime;

namespace Serverless.Tests.Runtime;

/// <summary>The log's lines. The expected ones are what Amazon.Lambda.RuntimeSupport 2.1.2 writes for the same calls.</summary>
public sealed class LogFormatTests
{
    private static readonly Invocation Invocation = new("8476a536", null, null, "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1", null, null, null);

    public static TheoryData<string, object?[], string, string> Messages => new()
    {
        { "plain", [], "plain", "" },
        { "one {Name} two {Other} three {Missing}", ["x", 5], "one x two 5 three {Missing}", """,{"Name":"x","Other":5}""" },
        { "{0} {1} {0}", ["a", "b"], "a b a", """,{"0":"a","1":"b","0":"a"}""" },
        { "{1} {0}", ["a", "b"], "b a", """,{"1":"b","0":"a"}""" },
        { "{1} {2}", ["a", "b"], "a b", """,{"1":"a","2":"b"}""" },
        { "{0} {2}", ["a", "b"], "a b", """,{"0":"a","2":"b"}""" },
        { "{{literal}} {Real} {} { x", [1.5], "{{literal}} 1.5 {} { x", """,{"Real":1.5}""" },
        { "{{literal}}", [], "{{literal}}", "" },
        { "{Price:0.00} {When:yyyy} {Bad:Q}", [3.14159m, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), 7], "3.14 2026 7", """,{"Price":"3.14","When":"2026","Bad":"7"}""" },
        { "{List} {Null}", [new List<string> { "a", "b" }, null], "{List} {Null}", """,{"List":["a","b"]}""" },
        { "{Dict}", [new Dictionary<string, int> { ["k"] = 1 }], "{Dict}", """,{"Dict":{"k":1}}""" },
        { "{List:X2}", [new List<int> { 10, 11 }], "{List:X2}", """,{"List":["0A","0B"]}""" },
        { "{Bytes} {Long}", [new byte[] { 1, 2, 3 }, new byte[20]], "010203 00000000000000000000000000000000... (20 bytes)", """,{"Bytes":"010203","Long":"00000000000000000000000000000000... (20 bytes)"}""" },
        { "{Bool} {Enum} {Date} {Time}", [true, LogLevel.Error, new DateOnly(2026, 1, 2), new TimeOnly(3, 4, 5, 6)], "True Error 2026-01-02 03:04:05.006", """,{"Bool":true,"Enum":"Error","Date":"2026-01-02","Time":"03:04:05.006"}""" },
        { "{U} {UL} {B} {D} {F}", [uint.MaxValue, ulong.MaxValue, (byte)9, 0.1, 0.1f], "4294967295 18446744073709551615 9 0.1 0.1", """,{"U":4294967295,"UL":18446744073709551615,"B":9,"D":0.1,"F":0.1}""" },
        { "{A}", [double.NaN], "NaN", """,{"A":"NaN"}""" },
        { "{A} {B}", [float.PositiveInfinity, TimeSpan.FromSeconds(3)], "Infinity 00:00:03", """,{"A":"Infinity","B":"00:00:03"}""" },
        { "{@Value} and {@Text}", [double.NaN, "t"], "NaN and t", """,{"Value":"NaN","Text":"t"}""" },
        { "{Name} twice {Name}", [1, 2], "1 twice 2", """,{"Name":1,"Name":2}""" },
        { "too many {A}", [1, 2, 3], "too many 1", """,{"A":1}""" },
        { "{A:X4} {B:}", [255, 3], "00FF 3", """,{"A":"00FF","B":3}""" },
        { "{ A } {A.B} {A-B}", [1, 2, 3], "1 2 3", """,{"A":1,"A.B":2,"A-B":3}""" },
        { "no holes", [1], "no holes", "" },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void Fills_a_messages_holes(string template, object?[] arguments, string message, string members)
    {
        var entry = new LogEntry(new DateTime(2026, 11, 27, 1, 2, 3, 456, DateTimeKind.Utc), LogLevel.Warning, Invocation, template, arguments, null);

        Assert.Equal($"2026-11-27T01:02:03.456Z\t8476a536\twarn\t{message}\n", Text(new TextLogFormat(hasPrefix: true).Line(entry)));
        Assert.Equal($"{message}\n", Text(new TextLogFormat(hasPrefix: false).Line(entry)));
        var rest = members.Length == 0 ? "" : $",{members[2..^1]}";
        Assert.Equal(
            $$"""{"timestamp":"2026-11-27T01:02:03.456Z","level":"Warning","requestId":"8476a536","traceId":"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1","message":"{{message}}"{{rest}}}""" + "\n",
            Text(new JsonLogFormat().Line(entry)));
    }

    [Fact]
    public void Writes_an_exception_and_leaves_out_what_is_not_known()
    {
        var entry = new LogEntry(DateTime.UnixEpoch, LogLevel.Error, null, "failed {A}", [2], new InvalidOperationException("broken\nline", new IOException("cause")));

        Assert.Equal(
            """{"timestamp":"1970-01-01T00:00:00.000Z","level":"Error","message":"failed 2","A":2,"errorType":"System.InvalidOperationException","errorMessage":"broken\nline","stackTrace":["System.InvalidOperationException: broken","line","---\u003E System.IO.IOException: cause","--- End of inner exception stack trace ---"]}""" + "\n",
            Text(new JsonLogFormat().Line(entry)));
        Assert.Equal(
            "1970-01-01T00:00:00.000Z\t\tfail\tfailed 2\nSystem.InvalidOperationException: broken\nline\n ---> System.IO.IOException: cause\n   --- End of inner exception stack trace ---\n",
            Text(new TextLogFormat(hasPrefix: true).Line(entry)).ReplaceLineEndings("\n"));
        Assert.EndsWith("fail\tSystem.IO.IOException: alone\n", Text(new TextLogFormat(hasPrefix: true).Line(entry with { Template = "", Arguments = [], Exception = new IOException("alone") })), StringComparison.Ordinal);
    }

    [Fact]
    public void Writes_any_text_as_JSON()
    {
        var entry = new LogEntry(DateTime.UnixEpoch, LogLevel.Information, Invocation with { TenantId = "tenant" }, "é 漢 😀 <b>&'\"+` \u0001 \ud800 end", [], null);

        Assert.Equal(
            """{"timestamp":"1970-01-01T00:00:00.000Z","level":"Information","requestId":"8476a536","tenantId":"tenant","traceId":"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1","message":"\u00E9 \u6F22 \uD83D\uDE00 \u003Cb\u003E\u0026\u0027\u0022\u002B\u0060 \u0001 \uFFFD end"}""" + "\n",
            Text(new JsonLogFormat().Line(entry)));
    }

    private static string Text(ReadOnlyMemory<byte> line) => Encoding.UTF8.GetString(line.Span);
}
