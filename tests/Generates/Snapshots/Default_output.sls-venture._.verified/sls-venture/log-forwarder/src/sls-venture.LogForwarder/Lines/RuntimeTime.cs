namespace sls_venture.LogForwarder;

/// <summary>The time with which the runtimes start a line of text: <c>2026-11-22T13:00:00.000Z</c>.</summary>
public static class RuntimeTime
{
    private const int Length = 24;

    /// <summary>Reads the time, and goes on behind it and the tab or blank that follows.</summary>
    /// <param name="line">The line from the time on.</param>
    /// <param name="milliseconds">Since 1970.</param>
    /// <returns>Whether the line starts with a time.</returns>
    public static bool TryRead(ref ReadOnlySpan<byte> line, out long milliseconds)
    {
        milliseconds = 0;
        if (line.Length <= Length || line[4] != '-' || line[7] != '-' || line[10] != 'T' || line[13] != ':' || line[16] != ':' || line[19] != '.'
            || line[Length - 1] != 'Z' || line[Length] is not ((byte)'\t' or (byte)' '))
            return false;
        var (year, month, day) = (Number(line[..4]), Number(line[5..7]), Number(line[8..10]));
        var (hour, minute, second, fraction) = (Number(line[11..13]), Number(line[14..16]), Number(line[17..19]), Number(line[20..23]));
        if (year < 1970 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour is < 0 or > 23 || minute is < 0 or > 59 || second is < 0 or > 59 || fraction < 0)
            return false;
        milliseconds = new DateTimeOffset(year, month, day, hour, minute, second, fraction, TimeSpan.Zero).ToUnixTimeMilliseconds();
        line = line[(Length + 1)..];
        return true;
    }

    // -1 when one of them is no digit.
    private static int Number(ReadOnlySpan<byte> digits)
    {
        var number = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return -1;
            number = number * 10 + (digit - '0');
        }
        return number;
    }
}
