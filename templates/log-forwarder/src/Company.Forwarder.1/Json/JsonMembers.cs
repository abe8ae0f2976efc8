using System.Buffers;

namespace Company.Forwarder._1;

/// <summary>
/// The members of a JSON object that is in memory, one after the other, each value as a whole. It takes what
/// <see cref="System.Text.Json.Utf8JsonReader"/> takes, in a third of the time: it goes from one quote or escape to the next, where that one
/// looks at each byte from the first escape on, and text that only starts like JSON costs no exception.
/// </summary>
/// <param name="json">Valid UTF-8.</param>
public ref struct JsonMembers(ReadOnlySpan<byte> json)
{
    // As many objects and arrays within each other as Utf8JsonReader takes.
    private const int Deepest = 64;

    private readonly ReadOnlySpan<byte> json = json;
    private int at;
    private bool isStarted;

    /// <summary>The member's name as it is in the document, without its quotes.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>The member's value as it is in the document: a string with its quotes, an object or an array with all that is in it.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Whether the object has ended, and nothing but blanks follows.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Whether a line break stands between the tokens read so far.</summary>
    public bool HasLineBreak { get; private set; }

    /// <summary>Whether a surrogate is escaped in a string read so far, with its other half or without.</summary>
    public bool HasSurrogate { get; private set; }

    /// <summary>Whether the value is a string.</summary>
    public readonly bool IsString => Value[0] == '"';

    /// <summary>Whether the value is an object.</summary>
    public readonly bool IsObject => Value[0] == '{';

    /// <summary>The value between its quotes, if it is a string without escapes; otherwise empty.</summary>
    public readonly ReadOnlySpan<byte> PlainText => IsString && !Value.Contains((byte)'\\') ? Value[1..^1] : default;

    /// <summary>Goes to the next member.</summary>
    /// <returns>False when there is none: the object has ended, or this is no JSON.</returns>
    public bool Read()
    {
        if (!isStarted)
        {
            isStarted = true;
            if (!Take((byte)'{'))
                return false;
            if (Take((byte)'}'))
                return End();
        }
        else if (Take((byte)'}'))
            return End();
        else if (!Take((byte)','))
            return false;

        var name = SkipBlanks();
        if (!SkipString())
            return false;
        Name = json[(name + 1)..(at - 1)];
        if (!Take((byte)':'))
            return false;
        var value = SkipBlanks();
        if (!SkipValue(depth: 1))
            return false;
        Value = json[value..at];
        return true;
    }

    /// <summary>Whether the member has a name, with escapes in it or without.</summary>
    public readonly bool HasName(ReadOnlySpan<byte> name)
    {
        if (!Name.Contains((byte)'\\'))
            return Name.SequenceEqual(name);
        var text = ArrayPool<byte>.Shared.Rent(Name.Length);
        var isEqual = text.AsSpan(0, JsonString.Unescape(Name, ref text)).SequenceEqual(name);
        ArrayPool<byte>.Shared.Return(text);
        return isEqual;
    }

    private bool End()
    {
        SkipBlanks();
        IsWhole = at == json.Length;
        return false;
    }

    // 0, which no token starts with, at the end.
    private readonly byte Next => at < json.Length ? json[at] : (byte)0;

    private bool Take(byte token)
    {
        SkipBlanks();
        if (Next != token)
            return false;
        at++;
        return true;
    }

    private int SkipBlanks()
    {
        // Most loggers write none.
        if (Next > ' ')
            return at;
        for (; Next is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r'; at++)
            HasLineBreak |= json[at] is (byte)'\n' or (byte)'\r';
        return at;
    }

    private bool SkipValue(int depth)
    {
        switch (Next)
        {
            case (byte)'"': return SkipString();
            case (byte)'{': return depth < Deepest && SkipObject(depth + 1);
            case (byte)'[': return depth < Deepest && SkipArray(depth + 1);
            case (byte)'t': return SkipWord("true"u8);
            case (byte)'f': return SkipWord("false"u8);
            case (byte)'n': return SkipWord("null"u8);
            default: return SkipNumber();
        }
    }

    private bool SkipObject(int depth)
    {
        at++;
        if (Take((byte)'}'))
            return true;
        do
        {
            SkipBlanks();
            if (!SkipString() || !Take((byte)':'))
                return false;
            SkipBlanks();
            if (!SkipValue(depth))
                return false;
        }
        while (Take((byte)','));
        return Take((byte)'}');
    }

    private bool SkipArray(int depth)
    {
        at++;
        if (Take((byte)']'))
            return true;
        do
        {
            SkipBlanks();
            if (!SkipValue(depth))
                return false;
        }
        while (Take((byte)','));
        return Take((byte)']');
    }

    private bool SkipString()
    {
        if (Next != '"')
            return false;
        at++;
        while (true)
        {
            var length = json[at..].IndexOfAny(JsonString.Escaped);
            if (length < 0)
                return false;
            at += length + 1;
            switch (json[at - 1])
            {
                case (byte)'"': return true;
                case (byte)'\\' when SkipEscape(): break;
                default: return false;
            }
        }
    }

    // What follows the backslash.
    private bool SkipEscape()
    {
        var escape = Next;
        at++;
        if (escape is (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t')
            return true;
        if (escape != 'u' || json.Length - at < 4)
            return false;
        var digits = json.Slice(at, 4);
        at += 4;
        HasSurrogate |= (digits[0] | 0x20) == 'd' && digits[1] >= '8';
        return JsonString.IsHex(digits);
    }

    private bool SkipWord(ReadOnlySpan<byte> word)
    {
        if (!json[at..].StartsWith(word))
            return false;
        at += word.Length;
        return true;
    }

    private bool SkipNumber()
    {
        if (Next == '-')
            at++;
        if (Next == '0')
            at++;
        else if (!SkipDigits())
            return false;
        if (Next == '.')
        {
            at++;
            if (!SkipDigits())
                return false;
        }
        if (Next is (byte)'e' or (byte)'E')
        {
            at++;
            if (Next is (byte)'+' or (byte)'-')
                at++;
            return SkipDigits();
        }
        return true;
    }

    private bool SkipDigits()
    {
        var first = at;
        while (Next is >= (byte)'0' and <= (byte)'9')
            at++;
        return at > first;
    }
}
