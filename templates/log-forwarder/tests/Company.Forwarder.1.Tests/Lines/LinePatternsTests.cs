using System.Buffers;
using System.Diagnostics;
using System.Text;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class LinePatternsTests
{
    [Theory]
    [InlineData(null, null, "anything", true)]
    [InlineData("ERROR|WARN", null, "an ERROR", true)]
    [InlineData("ERROR|WARN", null, "an error", false)]
    [InlineData("(?i)error", null, "an ERROR", true)]
    [InlineData(null, "^healthz", "healthz 200", false)]
    [InlineData(null, "^healthz", "GET healthz", true)]
    [InlineData("GET", "healthz", "GET healthz", false)]
    [InlineData("größ.r 漢", null, "größer 漢字 🚀", true)]
    [InlineData("", "", "anything", true)]
    public void Includes_and_excludes(string? include, string? exclude, string line, bool isKept) =>
        Assert.Equal(isKept, Apply(new LinePatterns(include, exclude), line) is not null);

    [Theory]
    [InlineData(@"password=\S+", "user=a password=b token=c", "user=a [redacted] token=c")]
    [InlineData("[\\w.]+@[\\w.]+", "an.na@example.com, bob@example.com 🚀", "[redacted], [redacted] 🚀")]
    [InlineData("漢", "a漢字", "a[redacted]字")]
    [InlineData("nothing", "a漢字", "a漢字")]
    [InlineData("a", "aaaaaaaaaaaaaaaaaaaa", "[redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted][redacted]")]
    public void Redacts(string redact, string line, string redacted) => Assert.Equal(redacted, Apply(new LinePatterns(redact: redact), line));

    [Theory]
    [InlineData("(", "REDACT_PATTERN is \"(\"; must be a .NET regular expression")]
    [InlineData("(?<=password=).*", "must run in linear time")]
    [InlineData(@"(a)\1", "must run in linear time")]
    [InlineData("a*", "matches the empty text")]
    public void Refuses_a_pattern_that_is_none_or_would_hit_every_line(string pattern, string says) =>
        Assert.Contains(says, Assert.Throws<SettingException>(() => new LinePatterns(redact: pattern)).Message, StringComparison.Ordinal);

    [Fact]
    public void No_line_makes_a_pattern_run_away()
    {
        var patterns = new LinePatterns(exclude: "(a+)+$");
        var started = Stopwatch.GetTimestamp();

        Assert.NotNull(Apply(patterns, new string('a', 50_000) + "!"));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5));
    }

    private static string? Apply(LinePatterns patterns, string line)
    {
        ReadOnlySpan<byte> text = Encoding.UTF8.GetBytes(line);
        var scratch = ArrayPool<byte>.Shared.Rent(1);
        return patterns.Apply(ref text, ref scratch) ? Encoding.UTF8.GetString(text) : null;
    }
}
