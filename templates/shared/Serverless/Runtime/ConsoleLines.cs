using System.Globalization;
using System.Text;

namespace Serverless.Runtime;

/// <summary>A console that hands whole lines to the log, and everything else on as it is.</summary>
/// <param name="writeText">Takes text without a line end.</param>
/// <param name="writeLine">Takes a line.</param>
internal sealed class ConsoleLines(Action<string> writeText, Action<string> writeLine) : TextWriter(CultureInfo.InvariantCulture)
{
    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.UTF8;

    /// <inheritdoc/>
    public override void Write(char value) => writeText(value.ToString());

    /// <inheritdoc/>
    public override void Write(string? value) => writeText(value ?? "");

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => writeText(new string(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer) => writeText(new string(buffer));

    /// <inheritdoc/>
    public override void WriteLine() => writeLine("");

    /// <inheritdoc/>
    public override void WriteLine(string? value) => writeLine(value ?? "");

    /// <inheritdoc/>
    public override void WriteLine(object? value) => writeLine(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");

    /// <inheritdoc/>
    public override void WriteLine(StringBuilder? value) => writeLine(value?.ToString() ?? "");

    /// <inheritdoc/>
    public override void WriteLine(char[]? buffer) => writeLine(new string(buffer));

    /// <inheritdoc/>
    public override void WriteLine(char[] buffer, int index, int count) => writeLine(new string(buffer, index, count));

    /// <inheritdoc/>
    public override void WriteLine(ReadOnlySpan<char> buffer) => writeLine(new string(buffer));

    /// <inheritdoc/>
    public override void WriteLine(char value) => writeLine(value.ToString());

    /// <inheritdoc/>
    public override void WriteLine(bool value) => WriteLine((object)value);

    /// <inheritdoc/>
    public override void WriteLine(int value) => WriteLine((object)value);

    /// <inheritdoc/>
    public override void WriteLine(uint value) => WriteLine((object)value);

    /// <inheritdoc/>
    public override void WriteLine(long value) => WriteLine((object)value);

    /// <inheritdoc/>
    public override void WriteLine(ulong value) => WriteLine((object)value);

    /// <inheritdoc/>
    public override void WriteLine(float value) => WriteLine((object)value);

    /// <inheritdoc/>
    public override void WriteLine(double value) => WriteLine((object)value);

    /// <inheritdoc/>
    public override void WriteLine(decimal value) => WriteLine((object)value);

    /// <inheritdoc/>
    public override void WriteLine(string format, object? arg0) => writeLine(string.Format(FormatProvider, format, arg0));

    /// <inheritdoc/>
    public override void WriteLine(string format, object? arg0, object? arg1) => writeLine(string.Format(FormatProvider, format, arg0, arg1));

    /// <inheritdoc/>
    public override void WriteLine(string format, object? arg0, object? arg1, object? arg2) => writeLine(string.Format(FormatProvider, format, arg0, arg1, arg2));

    /// <inheritdoc/>
    public override void WriteLine(string format, params object?[] arg) => writeLine(string.Format(FormatProvider, format, arg));

    /// <inheritdoc/>
    public override void WriteLine(string format, params ReadOnlySpan<object?> arg) => writeLine(string.Format(FormatProvider, format, arg));
}
