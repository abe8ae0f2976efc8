using System.Buffers;
using System.Buffers.Text;
using System.Numerics;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Unicode;

namespace Company.Forwarder._1;

/// <summary>The text inside a JSON string, to and from UTF-8, without a <see cref="string"/> in between.</summary>
public static class JsonString
{
    /// <summary>What a JSON string holds only with an escape: the quote, the backslash and the control characters.</summary>
    internal static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(b => (byte)b), (byte)'"', (byte)'\\']);

    /// <summary>
    /// Takes the escapes out of what stands between the quotes of a JSON string. What is no text becomes U+FFFD: a surrogate
    /// without its other half and bytes that are not UTF-8, which the log platforms refuse together with everything around them.
    /// </summary>
    /// <param name="source">The inside of a string that <see cref="System.Text.Json.Utf8JsonReader"/> has accepted.</param>
    /// <param name="destination">Where the text goes; replaced by a larger array of the shared pool when it is too small.</param>
    /// <returns>How many bytes were written: valid UTF-8.</returns>
    public static int Unescape(ReadOnlySpan<byte> source, ref byte[] destination)
    {
        if (!Utf8.IsValid(source))
            source = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(source));
        EnsureSize(ref destination, source.Length);

        var written = 0;
        for (var backslash = source.IndexOf((byte)'\\'); backslash >= 0; backslash = source.IndexOf((byte)'\\'))
        {
            source[..backslash].CopyTo(destination.AsSpan(written));
            written += backslash;
            var escape = source[backslash + 1];
            source = source[(backslash + 2)..];
            if (escape == 'u')
                written += TakeCodePoint(ref source).EncodeToUtf8(destination.AsSpan(written));
            else
                destination[written++] = Escape(escape);
        }

        source.CopyTo(destination.AsSpan(written));
        return written + source.Length;
    }

    /// <summary>Reads a JSON string from behind its first quote on, and takes the escapes out as <see cref="Unescape"/> does, all in one go.</summary>
    /// <param name="source">The document from there on.</param>
    /// <param name="destination">Where the text goes; replaced by a larger array of the shared pool when it is too small.</param>
    /// <param name="written">How many bytes were written: valid UTF-8.</param>
    /// <returns>How long the string is in the document, its last quote included; -1 when it does not end there, or is no valid JSON string.</returns>
    public static int ReadRest(ReadOnlySpan<byte> source, ref byte[] destination, out int written)
    {
        EnsureSize(ref destination, source.Length + Vector128<byte>.Count);
        var target = destination.AsSpan();
        var rest = source;
        written = 0;
        while (true)
        {
            var plain = CopyPlain(rest, target[written..]);
            if (plain < 0)
                return -1;
            written += plain;
            var end = rest[plain];
            rest = rest[(plain + 1)..];
            if (end == '"')
                break;
            if (end != '\\' || rest.IsEmpty)
                return -1;
            var escape = rest[0];
            rest = rest[1..];
            if (escape == 'u')
            {
                if (rest.Length < 4 || !IsHex(rest[..4]))
                    return -1;
                // As it is written for a quote by loggers that escape what HTML does.
                if (rest[0] == '0' && rest[1] == '0' && Hex(rest[2]) < 8)
                {
                    target[written++] = (byte)(Hex(rest[2]) << 4 | Hex(rest[3]));
                    rest = rest[4..];
                }
                else if (HasWholeSecondHalf(rest))
                    written += TakeCodePoint(ref rest).EncodeToUtf8(target[written..]);
                else
                    return -1;
            }
            else if (Escape(escape) is var character and not 0)
                target[written++] = character;
            else
                return -1;
        }
        // Bytes that are no text are left to Unescape.
        return Utf8.IsValid(target[..written]) ? source.Length - rest.Length : -1;
    }

    /// <summary>Writes text as the inside of a JSON string. Only what JSON demands is escaped, so most text stays as long as it is.</summary>
    /// <param name="writer">Where it goes.</param>
    /// <param name="text">Valid UTF-8.</param>
    public static void WriteEscaped(this PooledBuffer writer, ReadOnlySpan<byte> text)
    {
        ArgumentNullException.ThrowIfNull(writer);
        for (var next = text.IndexOfAny(Escaped); next >= 0; next = text.IndexOfAny(Escaped))
        {
            writer.Write(text[..next]);
            switch (text[next])
            {
                case (byte)'"': writer.Write("\\\""u8); break;
                case (byte)'\\': writer.Write("\\\\"u8); break;
                case (byte)'\n': writer.Write("\\n"u8); break;
                case (byte)'\r': writer.Write("\\r"u8); break;
                case (byte)'\t': writer.Write("\\t"u8); break;
                case var control:
                    var escape = writer.GetSpan(6);
                    "\\u00"u8.CopyTo(escape);
                    Utf8Formatter.TryFormat(control, escape[4..], out _, new StandardFormat('x', 2));
                    writer.Advance(6);
                    break;
            }
            text = text[(next + 1)..];
        }
        writer.Write(text);
    }

    /// <summary>Writes text as a JSON string, quotes included.</summary>
    public static void WriteString(this PooledBuffer writer, ReadOnlySpan<byte> text)
    {
        writer.Write("\""u8);
        writer.WriteEscaped(text);
        writer.Write("\""u8);
    }

    /// <summary>How many bytes of a text, to the end of a character, fit in a number of bytes once they are escaped.</summary>
    public static int Fit(ReadOnlySpan<byte> text, int escapedBytes)
    {
        var end = 0;
        while (end < text.Length)
        {
            escapedBytes -= text[end] switch
            {
                (byte)'"' or (byte)'\\' or (byte)'\n' or (byte)'\r' or (byte)'\t' => 2,
                < 0x20 => 6,
                _ => 1,
            };
            if (escapedBytes < 0)
                break;
            end++;
        }
        while (end > 0 && end < text.Length && (text[end] & 0xC0) == 0x80)
            end--;
        return end;
    }

    /// <summary>
    /// Prepares a JSON document to become part of another one, on one line: line breaks between its tokens become
    /// blanks, an escaped surrogate without its other half becomes U+FFFD.
    /// </summary>
    /// <param name="json">A valid document. It keeps its length.</param>
    public static void MakeSafe(Span<byte> json)
    {
        // JSON allows no bare line break inside a string, so each one here stands between two tokens.
        json.Replace((byte)'\n', (byte)' ');
        json.Replace((byte)'\r', (byte)' ');

        for (var at = json.IndexOf((byte)'\\'); at >= 0;)
        {
            if (json[at + 1] == 'u' && IsSurrogate(json[(at + 2)..], out var isHigh))
            {
                if (isHigh && json[(at + 6)..].StartsWith("\\u"u8) && IsSurrogate(json[(at + 8)..], out var nextIsHigh) && !nextIsHigh)
                    at += 6;
                else
                    "fffd"u8.CopyTo(json[(at + 2)..]);
            }
            var next = json[(at + 2)..].IndexOf((byte)'\\');
            at = next < 0 ? -1 : at + 2 + next;
        }
    }

    /// <summary>Whether all bytes are hexadecimal digits.</summary>
    internal static bool IsHex(ReadOnlySpan<byte> digits)
    {
        foreach (var digit in digits)
        {
            if (!char.IsAsciiHexDigit((char)digit))
                return false;
        }
        return true;
    }

    // Copies up to the next byte that a string holds only with an escape, and returns how far that is; -1 when there is none. It may write
    // some bytes more. Escapes stand close together or seldom: a look at the next few bytes, and a search for the rest.
    private static int CopyPlain(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (source.Length >= Vector128<byte>.Count)
        {
            var next = Vector128.Create(source);
            next.CopyTo(target);
            var found = (Vector128.Equals(next, Vector128.Create((byte)'"')) | Vector128.Equals(next, Vector128.Create((byte)'\\'))
                | Vector128.LessThan(next, Vector128.Create((byte)' '))).ExtractMostSignificantBits();
            if (found != 0)
                return BitOperations.TrailingZeroCount(found);
        }
        var length = source.IndexOfAny(Escaped);
        if (length > 0)
            source[..length].CopyTo(target);
        return length;
    }

    // What the letter after a backslash means; 0 when it means nothing.
    private static byte Escape(byte letter) => letter switch
    {
        (byte)'"' or (byte)'\\' or (byte)'/' => letter,
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        _ => 0,
    };

    // Whether another escape that follows the digits is whole, so that TakeCodePoint may read it.
    private static bool HasWholeSecondHalf(ReadOnlySpan<byte> digits) =>
        !digits[4..].StartsWith("\\u"u8) || digits.Length >= 10 && IsHex(digits[6..10]);

    private static Rune TakeCodePoint(ref ReadOnlySpan<byte> source)
    {
        var unit = (char)Hex(source);
        source = source[4..];
        if (!char.IsSurrogate(unit))
            return new Rune(unit);
        if (char.IsHighSurrogate(unit) && source.StartsWith("\\u"u8))
        {
            var low = (char)Hex(source[2..]);
            if (char.IsLowSurrogate(low))
            {
                source = source[6..];
                return new Rune(unit, low);
            }
        }
        return Rune.ReplacementChar;
    }

    private static bool IsSurrogate(ReadOnlySpan<byte> hex, out bool isHigh)
    {
        var unit = (char)Hex(hex);
        isHigh = char.IsHighSurrogate(unit);
        return char.IsSurrogate(unit);
    }

    private static int Hex(ReadOnlySpan<byte> digits) => Hex(digits[0]) << 12 | Hex(digits[1]) << 8 | Hex(digits[2]) << 4 | Hex(digits[3]);

    // Of a digit; the case of a letter is one bit.
    private static int Hex(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static void EnsureSize(ref byte[] array, int size)
    {
        if (array.Length >= size)
            return;
        ArrayPool<byte>.Shared.Return(array);
        array = ArrayPool<byte>.Shared.Rent(size);
    }
}
