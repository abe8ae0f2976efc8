using System.Buffers;
using System.Buffers.Text;

namespace Company.Forwarder._1;

/// <summary>The two ids that a line may carry: of the request it belongs to, and of the trace which that request is part of.</summary>
public static class RequestTrace
{
    /// <summary>The length of a request id, a UUID with hyphens.</summary>
    public const int RequestIdLength = 36;

    /// <summary>The length of a trace id, <c>1-&lt;8 hex&gt;-&lt;24 hex&gt;</c>.</summary>
    public const int TraceIdLength = 35;

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdefABCDEF"u8);

    /// <summary>A quick look whether reading the line for a trace id is worth it.</summary>
    public static bool MayBeIn(ReadOnlySpan<byte> line) =>
        line.IndexOf("Root=1-"u8) >= 0 || line.IndexOf("XRAY TraceId: 1-"u8) >= 0 || line.IndexOf("xray_trace_id"u8) >= 0;

    /// <summary>A quick look whether a JSON line may have a request id: by the names of its members, or in the record of the platform's lines. Text may.</summary>
    public static bool MayNameRequest(ReadOnlySpan<byte> line) =>
        !line.StartsWith("{"u8) || line.IndexOf("equest"u8) >= 0 || line.IndexOf("\"record\""u8) >= 0;

    /// <summary>The trace id that starts a text; empty if none does.</summary>
    public static ReadOnlySpan<byte> At(ReadOnlySpan<byte> text)
    {
        if (text.Length < TraceIdLength || !text.StartsWith("1-"u8) || text[10] != '-')
            return default;
        return IsHex(text[2..10]) && IsHex(text[11..TraceIdLength]) ? text[..TraceIdLength] : default;
    }

    /// <summary>The <c>Root=</c> of an <c>X-Amzn-Trace-Id</c>, anywhere in a text; empty if there is none.</summary>
    public static ReadOnlySpan<byte> Root(ReadOnlySpan<byte> text)
    {
        var at = text.IndexOf("Root="u8);
        return at < 0 ? default : At(text[(at + 5)..]);
    }

    /// <summary>Reads a request id.</summary>
    public static bool TryParseRequestId(ReadOnlySpan<byte> text, out Guid request)
    {
        request = default;
        return text.Length == RequestIdLength && Utf8Parser.TryParse(text, out request, out var consumed, 'D') && consumed == RequestIdLength;
    }

    /// <summary>The request id that starts a text; empty if none does.</summary>
    public static ReadOnlySpan<byte> RequestIdAt(ReadOnlySpan<byte> text) =>
        text.Length >= RequestIdLength && TryParseRequestId(text[..RequestIdLength], out _) ? text[..RequestIdLength] : default;

    private static bool IsHex(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(HexDigits);
}
