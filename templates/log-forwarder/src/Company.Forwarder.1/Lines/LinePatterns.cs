using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Company.Forwarder._1;

/// <summary>
/// Which lines are shipped and what is redacted in them. The patterns do not backtrack, so no line can make one run for long, and
/// they see the line as the function wrote it.
/// </summary>
public sealed class LinePatterns
{
    /// <summary>Replaces what the redact pattern matched.</summary>
    public const string Redacted = "[redacted]";

    private readonly Regex[] includes;
    private readonly Regex[] excludes;
    private readonly Regex? redact;

    /// <param name="include">Ship only the lines in which this matches; null or empty: all.</param>
    /// <param name="exclude">Of those, leave out the lines in which this matches; null or empty: none.</param>
    /// <param name="redact">Replace what this matches by <see cref="Redacted"/>; null or empty: nothing.</param>
    /// <exception cref="SettingException">A pattern is not a regular expression.</exception>
    public LinePatterns(string? include = null, string? exclude = null, string? redact = null)
        : this(List(Parse("INCLUDE_PATTERN", include, mayMatchEmpty: true)), List(Parse("EXCLUDE_PATTERN", exclude)), Parse("REDACT_PATTERN", redact))
    {
    }

    private LinePatterns(Regex[] includes, Regex[] excludes, Regex? redact)
    {
        this.includes = includes;
        this.excludes = excludes;
        this.redact = redact;
    }

    /// <summary>These patterns and two more.</summary>
    /// <param name="setting">The setting that they come from, for the message.</param>
    /// <param name="include">Ship only the lines in which this matches as well; null or empty: no more patterns.</param>
    /// <param name="exclude">Leave out the lines in which this matches as well; null or empty: no more patterns.</param>
    /// <exception cref="SettingException">A pattern is not a regular expression.</exception>
    public LinePatterns And(string setting, string? include, string? exclude) => new(
        [.. includes, .. List(Parse(setting, include, mayMatchEmpty: true))],
        [.. excludes, .. List(Parse(setting, exclude))],
        redact);

    /// <summary>Applies the patterns to a line.</summary>
    /// <param name="line">Valid UTF-8; set to the redacted line where something was redacted.</param>
    /// <param name="scratch">An array of the shared pool that a redacted line is written to; replaced by a larger one when it is too small.</param>
    /// <returns>Whether to ship the line.</returns>
    public bool Apply(ref ReadOnlySpan<byte> line, scoped ref byte[] scratch)
    {
        if (includes.Length == 0 && excludes.Length == 0 && redact is null)
            return true;

        var chars = ArrayPool<char>.Shared.Rent(line.Length);
        try
        {
            ReadOnlySpan<char> text = chars.AsSpan(0, Encoding.UTF8.GetChars(line, chars));
            foreach (var include in includes)
            {
                if (!include.IsMatch(text))
                    return false;
            }
            foreach (var exclude in excludes)
            {
                if (exclude.IsMatch(text))
                    return false;
            }
            if (redact is not null && redact.IsMatch(text))
                line = Redact(redact, text, ref scratch);
            return true;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chars);
        }
    }

    private static ReadOnlySpan<byte> Redact(Regex redact, ReadOnlySpan<char> text, scoped ref byte[] scratch)
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

    private static Regex[] List(Regex? regex) => regex is null ? [] : [regex];

    private static Regex? Parse(string setting, string? pattern, bool mayMatchEmpty = false)
    {
        if (string.IsNullOrEmpty(pattern))
            return null;
        try
        {
            var regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return mayMatchEmpty || !regex.IsMatch("")
                ? regex
                : throw new SettingException($"{setting} is \"{pattern}\", which matches the empty text and so every line; it must match only the text that it is meant for.");
        }
        catch (ArgumentException e)
        {
            throw new SettingException($"{setting} is \"{pattern}\"; must be a .NET regular expression: {e.Message}", e);
        }
        catch (NotSupportedException e)
        {
            throw new SettingException(
                $"{setting} is \"{pattern}\"; must be a .NET regular expression without lookarounds, backreferences, atomic groups and conditions, because it must run in linear time.", e);
        }
    }
}
