using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Serverless.Runtime;

/// <summary>
/// HTTP/1.1 to one host that is on this machine, a request at a time: RFC 9112. It blocks, which costs nothing here: Lambda freezes
/// the process while it waits.
/// </summary>
/// <param name="host">Host and port.</param>
internal sealed class HttpConnection(string host) : IDisposable
{
    private Stream? stream;
    // Most events fit, with the head before them.
    private byte[] buffer = new byte[8192];
    private int start;
    private int end;

    /// <summary>Sends a request and waits for the answer.</summary>
    /// <param name="method">In capitals.</param>
    /// <param name="path">From the first slash on.</param>
    /// <param name="headers">Lines with a line break each, but for Host and Content-Length.</param>
    /// <param name="body">The body, empty for none.</param>
    /// <exception cref="IOException">The host does not answer, or not in HTTP.</exception>
    public HttpAnswer Send(string method, string path, string headers, ReadOnlySpan<byte> body)
    {
        var length = method == "GET" ? "" : string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        var head = $"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}{length}\r\n";
        // In one piece, so that the host has all of it at once.
        var request = new byte[Encoding.UTF8.GetByteCount(head) + body.Length];
        body.CopyTo(request.AsSpan(Encoding.UTF8.GetBytes(head, request)));

        while (true)
        {
            var isNew = stream is null;
            stream ??= LocalSocket.Connect(host);
            try
            {
                stream.Write(request);
                start = end = 0;
                Fill();
            }
            catch (IOException) when (!isNew)
            {
                // The host has closed the connection before it answered, as it may close one that stands idle.
                Close();
                continue;
            }

            try
            {
                return ReadAnswer();
            }
            catch (IOException)
            {
                Close();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private HttpAnswer ReadAnswer()
    {
        int status;
        Dictionary<string, string> headers;
        do
        {
            status = ReadStatus();
            headers = ReadHeaders();
        }
        while (status is >= 100 and < 200);

        byte[] body;
        var isOpen = !string.Equals(headers.GetValueOrDefault("Connection"), "close", StringComparison.OrdinalIgnoreCase);
        if (string.Equals(headers.GetValueOrDefault("Transfer-Encoding"), "chunked", StringComparison.OrdinalIgnoreCase))
        {
            body = ReadChunks();
        }
        else if (headers.TryGetValue("Content-Length", out var length))
        {
            body = ReadBytes(int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : throw NotHttp($"Content-Length: {length}"));
        }
        else if (status == 204)
        {
            body = [];
        }
        else
        {
            body = ReadToEnd();
            isOpen = false;
        }

        if (!isOpen)
            Close();
        return new HttpAnswer(status, headers, body);
    }

    private int ReadStatus()
    {
        var line = ReadLine();
        return line.StartsWith("HTTP/1.1 "u8) && Utf8Parser.TryParse(line["HTTP/1.1 "u8.Length..], out int status, out _) ? status : throw NotHttp(Encoding.UTF8.GetString(line));
    }

    private Dictionary<string, string> ReadHeaders()
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (true)
        {
            var line = ReadLine();
            if (line.IsEmpty)
                return headers;
            var colon = line.IndexOf((byte)':');
            if (colon < 0)
                throw NotHttp(Encoding.UTF8.GetString(line));
            headers[Encoding.UTF8.GetString(line[..colon])] = Encoding.UTF8.GetString(line[(colon + 1)..].Trim(" \t"u8));
        }
    }

    private byte[] ReadChunks()
    {
        var body = new MemoryStream();
        while (true)
        {
            var line = ReadLine();
            if (!Utf8Parser.TryParse(line, out int length, out _, 'x') || length < 0)
                throw NotHttp(Encoding.UTF8.GetString(line));
            if (length == 0)
                break;
            body.Write(ReadBytes(length));
            ReadLine();
        }

        // Trailers.
        while (!ReadLine().IsEmpty)
        {
        }

        return body.ToArray();
    }

    private byte[] ReadBytes(int length)
    {
        var bytes = new byte[length];
        var read = Math.Min(length, end - start);
        buffer.AsSpan(start, read).CopyTo(bytes);
        start += read;
        while (read < length)
            read += Receive(bytes.AsSpan(read));
        return bytes;
    }

    private byte[] ReadToEnd()
    {
        var body = new MemoryStream();
        body.Write(buffer, start, end - start);
        stream!.CopyTo(body);
        return body.ToArray();
    }

    // Valid until the next call. Without the line break.
    private ReadOnlySpan<byte> ReadLine()
    {
        while (true)
        {
            var length = buffer.AsSpan(start, end - start).IndexOf("\r\n"u8);
            if (length >= 0)
            {
                var line = buffer.AsSpan(start, length);
                start += length + 2;
                return line;
            }

            Fill();
        }
    }

    private void Fill()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }

        if (end == buffer.Length)
            Array.Resize(ref buffer, buffer.Length * 2);
        end += Receive(buffer.AsSpan(end));
    }

    private int Receive(Span<byte> bytes)
    {
        var read = stream!.Read(bytes);
        return read > 0 ? read : throw new EndOfStreamException($"{host} closed the connection before its answer was complete.");
    }

    private void Close()
    {
        stream?.Dispose();
        stream = null;
    }

    private IOException NotHttp(string line) => new($"{host} did not answer in HTTP/1.1: {line}");
}

/// <summary>An answer of HTTP.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Headers">The headers, whose names are looked up in any case.</param>
/// <param name="Body">The body's bytes.</param>
internal sealed record HttpAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body);
