using System;
using System.IO;
using System.Text;

namespace Amazon.Lambda.RuntimeSupport.Logging;

/// <summary>Hands whole lines to the log and lets everything else through.</summary>
internal sealed class ConsoleLines(TextWriter console, Action<string> writeLine) : TextWriter(console.FormatProvider)
{
    public override Encoding Encoding => console.Encoding;

    public override void Flush() => console.Flush();

    public override void Write(char value) => console.Write(value);

    public override void Write(string value) => console.Write(value);

    public override void Write(char[] buffer, int index, int count) => console.Write(buffer, index, count);

    public override void Write(ReadOnlySpan<char> buffer) => console.Write(buffer);

    public override void WriteLine() => writeLine("");

    public override void WriteLine(string value) => writeLine(value ?? "");

    public override void WriteLine(object value) => writeLine(value?.ToString() ?? "");

    public override void WriteLine(StringBuilder value) => writeLine(value?.ToString() ?? "");

    public override void WriteLine(char[] buffer) => writeLine(new string(buffer));

    public override void WriteLine(char[] buffer, int index, int count) => writeLine(new string(buffer, index, count));

    public override void WriteLine(ReadOnlySpan<char> buffer) => writeLine(new string(buffer));

    public override void WriteLine(char value) => writeLine(value.ToString());

    public override void WriteLine(bool value) => writeLine(value.ToString());

    public override void WriteLine(int value) => writeLine(value.ToString(FormatProvider));

    public override void WriteLine(uint value) => writeLine(value.ToString(FormatProvider));

    public override void WriteLine(long value) => writeLine(value.ToString(FormatProvider));

    public override void WriteLine(ulong value) => writeLine(value.ToString(FormatProvider));

    public override void WriteLine(float value) => writeLine(value.ToString(FormatProvider));

    public override void WriteLine(double value) => writeLine(value.ToString(FormatProvider));

    public override void WriteLine(decimal value) => writeLine(value.ToString(FormatProvider));

    public override void WriteLine(string format, object arg0) => writeLine(string.Format(FormatProvider, format, arg0));

    public override void WriteLine(string format, object arg0, object arg1) =>
        writeLine(string.Format(FormatProvider, format, arg0, arg1));

    public override void WriteLine(string format, object arg0, object arg1, object arg2) =>
        writeLine(string.Format(FormatProvider, format, arg0, arg1, arg2));

    public override void WriteLine(string format, params object[] arg) => writeLine(string.Format(FormatProvider, format, arg));

    public override void WriteLine(string format, params ReadOnlySpan<object> arg) =>
        writeLine(string.Format(FormatProvider, format, arg));
}
