using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The host of <c>--kubernetes true</c> as its image runs it: native, without root, on a file system that it cannot write to.</summary>
[TakesLong(3)]
public sealed class HostImageTests : IAsyncLifetime
{
    private static readonly RSA Key = RSA.Create(2048);

    private Loopback pool = null!;
    private Loopback table = null!;
    private TimeSpan tableTakes;
    private volatile TaskCompletionSource? hold;
    private int held;

    public async Task InitializeAsync()
    {
        pool = await Loopback.StartAsync(http => http.Response.WriteAsync(KeySet()));
        table = await Loopback.StartAsync(async http =>
        {
            await Task.Delay(tableTakes);
            if (hold is { } until)
            {
                Interlocked.Increment(ref held);
                await until.Task;
            }
            http.Response.ContentType = "application/x-amz-json-1.0";
            await http.Response.WriteAsync("{}");
        });
    }

    public async Task DisposeAsync()
    {
        await pool.DisposeAsync();
        await table.DisposeAsync();
    }

    [FactThatNeeds("linux-x64", "clang")]
    public async Task Is_published_without_a_warning_and_without_symbols()
    {
        var image = await HostImage.ShareAsync();

        Faults.None(image.PublishOutput.Split('\n').Where(line => line.Contains("warning", StringComparison.OrdinalIgnoreCase) && !line.Contains("NU1603", StringComparison.Ordinal)));
        Assert.DoesNotContain(Directory.GetFiles(image.Root, "*", SearchOption.AllDirectories), file => Path.GetExtension(file) is ".dbg" or ".pdb" or ".dll" or ".cs");
        Assert.True(File.Exists(Path.Combine(image.Root, image.EntryPoint.Single()[1..])));
    }

    [FactThatNeeds("linux-x64", "clang")]
    public async Task Is_smaller_than_31_megabytes_with_gRPC()
    {
        var size = (await HostImage.ShareAsync()).Size / 1e6;

        TestRun.Say($"The image of the host: {size:0.0} MB before compression.");
        Assert.InRange(size, 1, 31);
    }

    [FactThatNeeds("linux-x64", "clang", "namespace")]
    public async Task Starts_answers_and_writes_nothing()
    {
        var image = await HostImage.ShareAsync();
        await using var host = HostProcess.Start(image, await SettingsAsync(image.Service));
        using var http = new HttpClient { BaseAddress = await host.ListensAsync() };

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health/live")).StatusCode);
        await UntilReadyAsync(http);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.PostAsync("/orders", Order())).StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token());
        using var placed = await http.PostAsync("/orders", Order());
        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        Assert.Equal("Tea", (string?)JsonNode.Parse(await placed.Content.ReadAsStringAsync())!["product"]);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/openapi.json")).StatusCode);

        var status = await File.ReadAllLinesAsync($"/proc/{host.Id}/status");
        Assert.Contains(status, line => line == $"Uid:\t{image.User}\t{image.User}\t{image.User}\t{image.User}");
        // Not even root can write to what is the host's root.
        foreach (var file in new[] { "app/new", "tmp/new" })
            Assert.Contains("Read-only file system", Assert.ThrowsAny<IOException>(() => File.WriteAllText($"/proc/{host.Id}/root/{file}", "")).Message, StringComparison.Ordinal);
        TestRun.Say($"The host on Kubernetes has held {host.PeakMemory / 1e6:0} MB of memory.");
        Assert.DoesNotContain(Token().Split('.')[2], host.Output, StringComparison.Ordinal);
        Assert.Equal(0, await host.TerminateAsync());
    }

    [FactThatNeeds("linux-x64", "clang", "namespace")]
    public async Task Answers_gRPC_by_the_same_routes()
    {
        var image = await HostImage.ShareAsync();
        var settings = await SettingsAsync(image.Service);
        await using var host = HostProcess.Start(image, settings);
        using var http = new HttpClient { BaseAddress = await host.ListensAsync() };
        await UntilReadyAsync(http);
        using var grpc = new HttpClient { BaseAddress = new Uri(settings["GRPC_URL"]!) };

        // What is asked for: product = "Tea", quantity = 2. In the answer they follow the id.
        byte[] order = [0x0A, 3, .. "Tea"u8, 0x10, 2];
        byte[] placed = [0x12, 3, .. "Tea"u8, 0x18, 2];
        Assert.Equal("16", (await CallAsync(grpc, "/orders.v1.OrdersService/PlaceOrder", order)).Status);
        grpc.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token());
        var (status, message) = await CallAsync(grpc, "/orders.v1.OrdersService/PlaceOrder", order);
        Assert.Equal(("0", true), (status, message.AsSpan().IndexOf(placed) > 0));
        Assert.Equal("5", (await CallAsync(grpc, "/orders.v1.OrdersService/GetOrder", [0x0A, 1, .. "1"u8])).Status);
        // SERVING
        Assert.Equal([0x08, 1], (await CallAsync(grpc, "/grpc.health.v1.Health/Check", [])).Message);

        await UntilAsync(() => host.Output.Contains("/orders.v1.OrdersService/GetOrder answered 404", StringComparison.Ordinal), "The call is not in the log.");
        Assert.Contains("GET /orders/{id} answered 404 no_such_order", host.Output, StringComparison.Ordinal);
        Assert.Contains("/orders.v1.OrdersService/PlaceOrder answered 201", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("/grpc.health.v1.Health", host.Output, StringComparison.Ordinal);
    }

    [FactThatNeeds("linux-x64", "clang", "namespace", "kubectl")]
    public async Task Says_which_setting_is_missing_until_the_overlay_has_them()
    {
        var image = await HostImage.ShareAsync();
        var settings = await SettingsAsync(image.Service);

        foreach (var missing in new[] { "ORDERS_TABLE", "TOKEN_ISSUERS", "TOKEN_CLIENTS", "GRPC_URL" })
        {
            await using var host = HostProcess.Start(image, new Dictionary<string, string?>(settings) { [missing] = "" });

            Assert.Equal(1, await host.ExitAsync());
            Assert.StartsWith($"The setting {missing} is missing", host.Output, StringComparison.Ordinal);
        }
    }

    [FactThatNeeds("linux-x64", "clang", "namespace")]
    public async Task Answers_every_request_that_it_was_sent_when_it_is_told_to_end()
    {
        const int Clients = 32;
        tableTakes = TimeSpan.FromMilliseconds(50);
        var image = await HostImage.ShareAsync();
        await using var host = HostProcess.Start(image, await SettingsAsync(image.Service));
        var address = await host.ListensAsync();
        using var first = new HttpClient { BaseAddress = address };
        await UntilReadyAsync(first);
        var (token, answers, lost) = (Token(), new ConcurrentBag<(int Status, bool IsLast, bool IsAfter)>(), new ConcurrentBag<string>());
        var isEnding = false;

        // As the ingress does: each keeps its connection, and sends the next request on it until it is told that the connection ends.
        async Task CallAsync()
        {
            using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1 }) { BaseAddress = address };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            for (var isLast = false; !isLast;)
            {
                try
                {
                    using var answer = await client.PostAsync("/orders", Order());
                    await answer.Content.ReadAsByteArrayAsync();
                    isLast = answer.Headers.ConnectionClose is true;
                    answers.Add(((int)answer.StatusCode, isLast, isEnding));
                }
                catch (HttpRequestException exception)
                {
                    lost.Add(exception.ToString());
                    return;
                }
            }
        }

        var clients = Enumerable.Range(0, Clients).Select(_ => CallAsync()).ToList();
        await Task.Delay(TimeSpan.FromSeconds(1));
        // The signal comes while a request of every client is under way.
        hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await UntilAsync(() => Volatile.Read(ref held) >= Clients, "The table was not asked by every client.");
        isEnding = true;
        var ending = host.TerminateAsync();
        await UntilAsync(() => host.Output.Contains("shutting down", StringComparison.Ordinal), "The host does not end.");
        hold.SetResult();
        var exitCode = await ending;
        await Task.WhenAll(clients).WaitAsync(TimeSpan.FromMinutes(1));

        TestRun.Say($"SIGTERM under load: {answers.Count} requests answered, {answers.Count(answer => answer.IsAfter)} of them after the signal.");
        Assert.Empty(lost);
        Assert.All(answers, answer => Assert.Equal(201, answer.Status));
        Assert.Equal(Clients, answers.Count(answer => answer is { IsLast: true, IsAfter: true }));
        Assert.Equal(0, exitCode);
    }

    [FactThatNeeds("linux-x64", "clang", "namespace", "kubectl")]
    public async Task Sends_spans_and_metrics_where_it_is_told_to_in_the_trace_of_the_request()
    {
        var sent = new ConcurrentBag<(string Path, byte[] Body)>();
        await using var collector = await Loopback.StartAsync(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            sent.Add((http.Request.Path, body.ToArray()));
        });
        var image = await HostImage.ShareAsync();
        var settings = await SettingsAsync(image.Service);
        settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address.ToString();
        settings["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        await using var host = HostProcess.Start(image, settings);
        using var http = new HttpClient { BaseAddress = await host.ListensAsync() };
        await UntilReadyAsync(http);

        // One request of each kind: with a trace of AWS, which counts more than one of W3C, with one of W3C alone, and with none.
        await PlaceAsync(http, ("X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0"), ("traceparent", "00-11111111111111111111111111111111-2222222222222222-01"));
        var ofW3C = await PlaceAsync(http, ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        var begun = await PlaceAsync(http);
        Assert.Equal(0, await host.TerminateAsync());

        Assert.Equal("Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1", ofW3C);
        var spans = Convert.ToHexStringLower([.. sent.Where(one => one.Path == "/v1/traces").SelectMany(one => one.Body)]);
        // A span of the request, and at least one of what it asked the table.
        foreach (var trace in new[] { "67891233abcdef012345678912345678", "0af7651916cd43dd8448eb211c80319c", begun["Root=1-".Length..].Replace("-", "", StringComparison.Ordinal) })
            Assert.True(spans.Split(trace).Length > 2, $"There are {spans.Split(trace).Length - 1} spans of {trace}.");
        foreach (var parent in new[] { "53995c3f42cd8ad8", "b7ad6b7169203331" })
            Assert.Contains(parent, spans, StringComparison.Ordinal);
        Assert.DoesNotContain("1111111111111111", spans, StringComparison.Ordinal);
        Assert.Contains(Hex("/orders"), spans, StringComparison.Ordinal);
        Assert.DoesNotContain(Hex("/health"), spans, StringComparison.Ordinal);
        Assert.DoesNotContain(Hex("Bearer"), spans, StringComparison.Ordinal);
        var metrics = Convert.ToHexStringLower([.. sent.Where(one => one.Path == "/v1/metrics").SelectMany(one => one.Body)]);
        Assert.Contains(Hex("http.server.request.duration"), metrics, StringComparison.Ordinal);
        Assert.Contains(Hex("acme-example"), spans, StringComparison.Ordinal);
    }

    /// <summary>Calls a method of gRPC: a message is sent and answered behind a byte that says it is not compressed, and four of its length.</summary>
    private static async Task<(string Status, byte[] Message)> CallAsync(HttpClient grpc, string method, byte[] message)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, method)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, (byte)message.Length, .. message]),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var answer = await grpc.SendAsync(request);
        var body = await answer.Content.ReadAsByteArrayAsync();
        // An answer without a message has it among the headers.
        var headers = answer.TrailingHeaders.Concat(answer.Headers).ToLookup(header => header.Key, header => header.Value.First(), StringComparer.OrdinalIgnoreCase);
        Assert.True(headers.Contains("grpc-status"), $"{method} is not answered as gRPC is: {answer}");
        return (headers["grpc-status"].First(), body.Length > 5 ? body[5..] : []);
    }

    /// <summary>Places an order with these headers.</summary>
    /// <returns>The trace that the answer names.</returns>
    private async Task<string> PlaceAsync(HttpClient http, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = Order() };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token());
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var answer = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return answer.Headers.GetValues("X-Amzn-Trace-Id").Single();
    }

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));

    /// <summary>What the pod gives the host: the settings of the overlay, those filled in that are not known before the stack is there.</summary>
    private async Task<Dictionary<string, string?>> SettingsAsync(GeneratedService service)
    {
        var filled = new Dictionary<string, string?>
        {
            ["ORDERS_TABLE"] = "orders",
            ["TOKEN_ISSUERS"] = $"{pool.Address.ToString().TrimEnd('/')}/pool",
            ["TOKEN_CLIENTS"] = "client",
        };
        if (Needs.Missing(["kubectl"]) is null)
        {
            var settings = (await Manifests.BuildAsync(service, "kubernetes/overlays/dev")).Of<V1ConfigMap>().Single().Data;
            Assert.Equal(filled.Keys.Order(StringComparer.Ordinal), settings.Where(setting => setting.Value.Length == 0).Select(setting => setting.Key).Order(StringComparer.Ordinal));
            foreach (var (name, value) in settings.Where(setting => setting.Value.Length > 0))
                filled[name] = value;
        }
        filled["AWS_ENDPOINT_URL_DYNAMODB"] = table.Address.ToString();
        // In a pod all ports are free.
        filled["GRPC_URL"] = $"http://127.0.0.1:{Loopback.FreePort()}";
        return filled;
    }

    // The keys of the issuer are fetched once the host has started.
    private static async Task UntilReadyAsync(HttpClient http)
    {
        for (var end = DateTime.UtcNow.AddSeconds(30); (await http.GetAsync("/health/ready")).StatusCode != HttpStatusCode.OK; await Task.Delay(50))
            Assert.True(DateTime.UtcNow < end, "The host is not ready.");
    }

    private static async Task UntilAsync(Func<bool> holds, string otherwise)
    {
        for (var end = DateTime.UtcNow.AddSeconds(30); !holds(); await Task.Delay(10))
            Assert.True(DateTime.UtcNow < end, otherwise);
    }

    private static StringContent Order() => new("""{"product": "Tea", "quantity": 2}""", Encoding.UTF8, "application/json");

    private static string KeySet()
    {
        var numbers = Key.ExportParameters(includePrivateParameters: false);
        return $$"""{"keys": [{"kid": "first", "kty": "RSA", "use": "sig", "alg": "RS256", "n": "{{Base64Url.EncodeToString(numbers.Modulus)}}", "e": "{{Base64Url.EncodeToString(numbers.Exponent)}}"}]}""";
    }

    private string Token()
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var issuer = $"{pool.Address.ToString().TrimEnd('/')}/pool";
        var signed = Encode("""{"alg": "RS256", "kid": "first"}""") + "." + Encode($$"""{"sub": "5e3c0a7c-0000-4000-8000-000000000001", "iss": "{{issuer}}", "token_use": "access", "client_id": "client", "username": "ada", "iat": {{now}}, "exp": {{now + 1800}}}""");
        return $"{signed}.{Base64Url.EncodeToString(Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
