using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace sls_forwarder;

/// <summary>
/// Which lines are shipped and what is blacked out in them. The patterns do not backtrack, so no line makes one run away, and
/// they see the line as the function wrote it.
/// </summary>
public sealed class LinePatterns
{
    /// <summary>Stands where the redact pattern matched.</summary>
    public const string Redacted = "[redacted]";

    private readonly Regex? include;
    private readonly Regex? exclude;
    private readonly Regex? redact;

    /// <param name="include">Ship only the lines in which this matches; null or empty: all.</param>
    /// <param name="exclude">Of those, leave out the lines in which this matches; null or empty: none.</param>
    /// <param name="redact">Replace what this matches by <see cref="Redacted"/>; null or empty: nothing.</param>
    /// <exception cref="SettingException">A pattern is none.</exception>
    public LinePatterns(string? include = null, string? exclude = null, string? redact = null)
    {
        this.include = Parse("INCLUDE_PATTERN", include, mayMatchEmpty: true);
        this.exclude = Parse("EXCLUDE_PATTERN", exclude);
        this.redact = Parse("REDACT_PATTERN", redact);
    }

    /// <summary>Applies the patterns to a line.</summary>
    /// <param name="line">Valid UTF-8; set to the redacted line where something was redacted.</param>
    /// <param name="scratch">An array of the shared pool that a redacted line is written to; replaced by a larger one when it is too small.</param>
    /// <returns>Whether the line is to be shipped.</returns>
    public bool Apply(ref Span<byte> line, scoped ref byte[] scratch)
    {
        if (include is null && exclude is null && redact is null)
            return true;

        var chars = ArrayPool<char>.Shared.Rent(line.Length);
        try
        {
            ReadOnlySpan<char> text = chars.AsSpan(0, Encoding.UTF8.GetChars(line, chars));
            if (include is not null && !include.IsMatch(text) || exclude is not null && exclude.IsMatch(text))
                return false;
            if (redact is not null && redact.IsMatch(text))
                line = Redact(redact, text, ref scratch);
            return true;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chars);
        }
    }

    private static Span<byte> Redact(Regex redact, ReadOnlySpan<char> text, scoped ref byte[] scratch)
    {
        var written = 0;
        var at = 0;
        foreach (var match in redact.EnumerateMatches(text))
        {
            Append(text[at..match.Index], ref scratch, ref written);
            Append(Redacted, ref scratch, ref written);
            at = match.Index + match.Length;
        }
        Append(text[at..], ref scratch, ref written);
        return scratch.AsSpan(0, written);
    }

    private static void Append(ReadOnlySpan<char> text, ref byte[] scratch, ref int written)
    {
        // A match may end between the two halves of a character: each half then becomes U+FFFD, of three bytes.
        var longest = text.Length * 3;
        if (scratch.Length - written < longest)
        {
            var larger = ArrayPool<byte>.Shared.Rent((written + longest) * 2);
            scratch.AsSpan(0, written).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(scratch);
            scratch = larger;
        }
        written += Encoding.UTF8.GetBytes(text, scratch.AsSpan(written));
    }

    private static Regex? Parse(string setting, string? pattern, bool mayMatchEmpty = false)
    {
        if (string.IsNullOrEmpty(pattern))
            return null;
        try
        {
            var regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return mayMatchEmpty || !regex.IsMatch("")
                ? regex
                : throw new SettingException($"{setting} is \"{pattern}\", which matches the empty text, so every line; expected is a pattern that matches only what it is meant for.");
        }
        catch (ArgumentException e)
        {
            throw new SettingException($"{setting} is \"{pattern}\"; expected is a .NET regular expression: {e.Message}", e);
        }
        catch (NotSupportedException e)
        {
            throw new SettingException(
                $"{setting} is \"{pattern}\"; expected is a .NET regular expression without lookarounds, backreferences, atomic groups and conditions, as it must run in linear time.", e);
        }
    }
}
