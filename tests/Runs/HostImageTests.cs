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
[TakesLong(2)]
public sealed class HostImageTests : IAsyncLifetime
{
    private static readonly RSA Key = RSA.Create(2048);

    private Loopback pool = null!;
    private Loopback table = null!;
    private TimeSpan tableTakes;

    public async Task InitializeAsync()
    {
        pool = await Loopback.StartAsync(http => http.Response.WriteAsync(KeySet()));
        table = await Loopback.StartAsync(async http =>
        {
            await Task.Delay(tableTakes);
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
    public async Task Is_smaller_than_30_megabytes()
    {
        var size = (await HostImage.ShareAsync()).Size / 1e6;

        TestRun.Say($"The image of the host: {size:0.0} MB before compression.");
        Assert.InRange(size, 1, 30);
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

    [FactThatNeeds("linux-x64", "clang", "namespace", "kubectl")]
    public async Task Says_which_setting_is_missing_until_the_overlay_has_them()
    {
        var image = await HostImage.ShareAsync();
        var settings = await SettingsAsync(image.Service);

        foreach (var missing in new[] { "ORDERS_TABLE", "TOKEN_ISSUERS", "TOKEN_CLIENTS" })
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
        tableTakes = TimeSpan.FromMilliseconds(200);
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
        isEnding = true;
        var exitCode = await host.TerminateAsync();
        await Task.WhenAll(clients).WaitAsync(TimeSpan.FromMinutes(1));

        TestRun.Say($"SIGTERM under load: {answers.Count} requests answered, {answers.Count(answer => answer.IsAfter)} of them after the signal.");
        Assert.Empty(lost);
        Assert.All(answers, answer => Assert.Equal(201, answer.Status));
        // Every client had a request under way.
        Assert.Equal(Clients, answers.Count(answer => answer is { IsLast: true, IsAfter: true }));
        Assert.Equal(0, exitCode);
    }

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
        return filled;
    }

    // The keys of the issuer are fetched once the host has started.
    private static async Task UntilReadyAsync(HttpClient http)
    {
        for (var end = DateTime.UtcNow.AddSeconds(30); (await http.GetAsync("/health/ready")).StatusCode != HttpStatusCode.OK; await Task.Delay(50))
            Assert.True(DateTime.UtcNow < end, "The host is not ready.");
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
