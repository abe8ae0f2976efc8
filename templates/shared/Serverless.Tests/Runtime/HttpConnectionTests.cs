using System.Net;
using System.Net.Sockets;
using System.Text;
using Serverless.Runtime;

namespace Serverless.Tests.Runtime;

/// <summary>HTTP as the Lambda Runtime API, and whatever takes its place in a test, may speak it.</summary>
public sealed class HttpConnectionTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello")]
    [InlineData("HTTP/1.1 200 OK\r\ncontent-length:5\r\nx-other: a: b\r\n\r\nhello", "hello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;name=value\r\nlo\r\n0\r\n\r\n", "hello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\nTrailer: value\r\n\r\n", "hello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "")]
    [InlineData("HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\n1", "1")]
    public async Task Reads_an_answer_however_it_is_cut(string answer, string body)
    {
        foreach (var pieces in new[] { 1, 3, int.MaxValue })
        {
            await using var server = new RawServer(_ => Encoding.ASCII.GetBytes(answer).Chunk(pieces));
            using var connection = new HttpConnection(server.Host);

            // The second one shows that nothing of the first is left.
            for (var i = 0; i < 2; i++)
            {
                var read = await SendAsync(connection);
                Assert.Equal((200, body), (read.Status, Encoding.UTF8.GetString(read.Body)));
            }

            Assert.Equal(1, server.Connections);
        }
    }

    [Fact]
    public async Task Sends_one_request_with_its_headers_and_the_bodys_bytes()
    {
        await using var server = new RawServer(_ => ["HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"u8.ToArray()]);
        using var connection = new HttpConnection(server.Host);

        var answer = await Task.Run(() => connection.Send("POST", "/function/answer", "X-Cause: é\r\n", "{\"a\":\"ü\"}"u8), TestContext.Current.CancellationToken);

        Assert.Equal(202, answer.Status);
        Assert.Equal([$"POST /function/answer HTTP/1.1\r\nHost: {server.Host}\r\nX-Cause: é\r\nContent-Length: 10\r\n\r\n{{\"a\":\"ü\"}}"], server.Requests);
    }

    [Fact]
    public async Task Reads_headers_in_any_case_and_an_answer_larger_than_its_buffer()
    {
        var body = new string('x', 3_000_000);
        var header = new string('h', 20_000);
        await using var server = new RawServer(_ => [Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nLAMBDA-runtime-TRACE-id:\t{header} \r\nContent-Length: {body.Length}\r\n\r\n{body}")]);
        using var connection = new HttpConnection(server.Host);

        var answer = await SendAsync(connection);

        Assert.Equal((header, body), (answer.Headers["Lambda-Runtime-Trace-Id"], Encoding.ASCII.GetString(answer.Body)));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: Close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nok")]
    public async Task Opens_another_connection_after_an_answer_that_ends_this_one(string answer)
    {
        await using var server = new RawServer(_ => [Encoding.ASCII.GetBytes(answer)]) { CloseAfterAnswer = true };
        using var connection = new HttpConnection(server.Host);

        for (var i = 0; i < 3; i++)
            Assert.Equal("ok", Encoding.ASCII.GetString((await SendAsync(connection)).Body));

        Assert.Equal(3, server.Connections);
    }

    [Fact]
    public async Task Sends_the_request_again_when_the_host_has_closed_the_idle_connection()
    {
        await using var server = new RawServer(_ => ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray()]) { CloseAfterAnswer = true };
        using var connection = new HttpConnection(server.Host);

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("ok", Encoding.ASCII.GetString((await SendAsync(connection, "POST", $"/{i}")).Body));
            await server.HasClosedAsync();
        }

        Assert.Equal(["/0", "/1", "/2"], server.Requests.Select(request => request.Split(' ')[1]));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "closed the connection before its answer was complete")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le", "closed the connection before its answer was complete")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "closed the connection before its answer was complete")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "did not answer in HTTP/1.1: zz")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "did not answer in HTTP/1.1: Content-Length: -5")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "did not answer in HTTP/1.1: no colon")]
    [InlineData("SSH-2.0-OpenSSH\r\n", "did not answer in HTTP/1.1: SSH-2.0-OpenSSH")]
    [InlineData("", "closed the connection before its answer was complete")]
    public async Task Says_what_is_wrong_with_an_answer_and_begins_anew(string answer, string reason)
    {
        var answers = new Queue<string>([answer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]);
        await using var server = new RawServer(_ => [Encoding.ASCII.GetBytes(answers.Dequeue())]) { CloseAfterAnswer = true };
        using var connection = new HttpConnection(server.Host);

        var exception = await Assert.ThrowsAnyAsync<IOException>(() => SendAsync(connection));
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Equal("ok", Encoding.ASCII.GetString((await SendAsync(connection)).Body));
    }

    [Fact]
    public async Task Does_not_go_on_after_an_answer_that_is_wrong()
    {
        var answers = new Queue<string>(["HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]);
        await using var server = new RawServer(_ => [Encoding.ASCII.GetBytes(answers.Dequeue())]);
        using var connection = new HttpConnection(server.Host);

        await Assert.ThrowsAnyAsync<IOException>(() => SendAsync(connection));
        Assert.Equal("ok", Encoding.ASCII.GetString((await SendAsync(connection)).Body));
        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public void Says_that_nobody_listens()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        using var connection = new HttpConnection($"127.0.0.1:{port}");
        Assert.Throws<IOException>(() => connection.Send("GET", "/", "", default));
        using var byName = new HttpConnection($"localhost:{port}");
        Assert.Throws<IOException>(() => byName.Send("GET", "/", "", default));
    }

    [Fact]
    public async Task Finds_a_host_by_its_name()
    {
        await using var server = new RawServer(_ => ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray()]);
        using var connection = new HttpConnection(server.Host.Replace("127.0.0.1", "localhost", StringComparison.Ordinal));

        Assert.Equal(200, (await SendAsync(connection)).Status);
    }

    // It blocks; a test that fails is not to wait for ever.
    private static Task<HttpAnswer> SendAsync(HttpConnection connection, string method = "GET", string path = "/") =>
        Task.Run(() => connection.Send(method, path, "", default)).WaitAsync(TimeSpan.FromSeconds(10));

    /// <summary>Answers each request with the bytes that it is told to, in the pieces that it is told to.</summary>
    private sealed class RawServer : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly Func<string, IEnumerable<byte[]>> answer;
        private readonly SemaphoreSlim closed = new(0);
        private readonly Task accepting;
        private readonly CancellationTokenSource stop = new();

        public RawServer(Func<string, IEnumerable<byte[]>> answer)
        {
            this.answer = answer;
            listener.Start();
            Host = $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
            accepting = Task.Run(AcceptAsync);
        }

        public string Host { get; }

        public bool CloseAfterAnswer { get; init; }

        public int Connections { get; private set; }

        public List<string> Requests { get; } = [];

        /// <summary>Waits until it has closed one more connection.</summary>
        public async Task HasClosedAsync() => Assert.True(await closed.WaitAsync(TimeSpan.FromSeconds(10)));

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await accepting;
            listener.Dispose();
            stop.Dispose();
            closed.Dispose();
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync(stop.Token);
                    Connections++;
                    client.NoDelay = true;
                    await ServeAsync(client.GetStream());
                    client.Close();
                    closed.Release();
                }
            }
            catch (OperationCanceledException)
            {
                // The test is over.
            }
        }

        private async Task ServeAsync(NetworkStream stream)
        {
            do
            {
                if (await ReadRequestAsync(stream) is not { } request)
                    return;
                Requests.Add(request);
                foreach (var piece in answer(request))
                {
                    await stream.WriteAsync(piece, stop.Token);
                    await Task.Yield();
                }
            }
            while (!CloseAfterAnswer);
        }

        private async Task<string?> ReadRequestAsync(NetworkStream stream)
        {
            var bytes = new List<byte>();
            var buffer = new byte[4096];
            while (true)
            {
                var text = Encoding.UTF8.GetString([.. bytes]);
                var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                if (head >= 0)
                {
                    var length = text[..head].Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "0";
                    if (Encoding.UTF8.GetByteCount(text[(head + 4)..]) >= int.Parse(length, System.Globalization.CultureInfo.InvariantCulture))
                        return text;
                }

                var read = await stream.ReadAsync(buffer, stop.Token);
                if (read == 0)
                    return null;
                bytes.AddRange(buffer.AsSpan(0, read));
            }
        }
    }
}
