using System.Collections.Concurrent;
using System.Text;

namespace Company.Function._1.Tests.Functions;

/// <summary>The function's binary with uploads to a bucket, over the emulated table and a bucket on loopback.</summary>
public sealed class OnUploadTests(LocalServices services) : FunctionTests("onUpload", services)
{
    private readonly ConcurrentDictionary<string, string> bucket = new()
    {
        ["/uploads/trade-items/grüße & tea+1.json?versionId=096fKKXTRTtl3on89fVO.nfljtsv6qko"] = TradeItemOf("sample-1"),
        ["/uploads/trade-items/poison.json"] = """{"id": "do not log me" """,
    };

    private Loopback s3 = null!;
    private int status = 200;

    [Fact]
    public async Task Keeps_the_trade_item_of_every_sample_or_fails_and_says_why()
    {
        foreach (var name in EventFiles.Of("onUpload"))
        {
            var answer = await InvokeAsync(EventFiles.Read(name));
            Assert.Equal((name, name is "onUpload-poison" or "onUpload-too-large" ? "RecordsFailedException" : null), (name, answer.ErrorType));
        }

        Assert.Equal("Tea", Assert.Single(await Services.ItemsAsync("tradeItems", item => item["id"].S == "sample-1"))["product"].S);
        await Function.WaitForOutputAsync(line => line.Contains("is gone", StringComparison.Ordinal));
        await Function.WaitForOutputAsync(line => line.Contains("Ignored: the event is ObjectRemoved:Delete", StringComparison.Ordinal));
        await Function.WaitForOutputAsync(line => line.Contains("The upload has 70000 bytes", StringComparison.Ordinal));
        Assert.DoesNotContain(Function.Output.Concat(Function.Errors), line => line.Contains("do not log me", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keeps_a_trade_item_once_that_is_told_of_twice()
    {
        var id = Guid.NewGuid().ToString("n");
        bucket["/uploads/trade-items/2.json?versionId=one"] = TradeItemOf(id);
        var upload = Upload("2", "one");

        Assert.True((await InvokeAsync(upload)).Succeeded);
        Assert.True((await InvokeAsync(upload)).Succeeded);

        Assert.Single(await Services.ItemsAsync("tradeItems", item => item["id"].S == id));
        await Function.WaitForOutputAsync(line => line.Contains(id, StringComparison.Ordinal) && line.Contains("was kept before", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keeps_the_trade_item_that_was_uploaded_when_another_has_overwritten_it()
    {
        var (first, second) = (Guid.NewGuid().ToString("n"), Guid.NewGuid().ToString("n"));
        bucket["/uploads/trade-items/3.json?versionId=one"] = TradeItemOf(first);
        bucket["/uploads/trade-items/3.json?versionId=two"] = TradeItemOf(second);
        bucket["/uploads/trade-items/3.json"] = TradeItemOf(second);

        foreach (var version in new[] { "one", "two" })
            Assert.True((await InvokeAsync(Upload("3", version))).Succeeded);

        Assert.Equal(2, (await Services.ItemsAsync("tradeItems", item => item["id"].S == first || item["id"].S == second)).Count);
    }

    [Fact]
    public async Task Fails_when_bucket_or_table_are_down_so_that_lambda_tries_again()
    {
        var (answer, _) = await InvokeWithoutTableAsync(EventFiles.Read("onUpload"));
        Assert.Equal("RecordsFailedException", answer.ErrorType);

        status = 500;
        Assert.Equal("RecordsFailedException", (await InvokeAsync(EventFiles.Read("onUpload"))).ErrorType);
        await Function.WaitForOutputAsync(line => line.Contains("S3 cannot be reached", StringComparison.Ordinal));
    }

    protected override async Task<Dictionary<string, string?>> MoreSettingsAsync()
    {
        s3 ??= await Loopback.StartAsync(async http =>
        {
            var version = http.Request.Query["versionId"].ToString() is { Length: > 0 } id ? $"?versionId={id}" : "";
            if (status == 200 && bucket.TryGetValue($"{http.Request.Path.Value}{version}", out var document))
            {
                await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(document));
                return;
            }

            http.Response.StatusCode = status == 200 ? 404 : status;
            await http.Response.Body.WriteAsync("<Error><Code>NoSuchKey</Code></Error>"u8.ToArray());
        });
        return new() { ["AWS_ENDPOINT_URL_S3"] = s3.Address.ToString() };
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (s3 is not null)
            await s3.DisposeAsync();
    }

    private static string Upload(string name, string version) =>
        EventFiles.Read("onUpload")
            .Replace("gr%C3%BC%C3%9Fe+%26+tea%2B1", name, StringComparison.Ordinal)
            .Replace("096fKKXTRTtl3on89fVO.nfljtsv6qko", version, StringComparison.Ordinal);

    private static string TradeItemOf(string id) => $$"""{"id":"{{id}}","customer":null,"product":"Tea","quantity":2,"placedAt":"2026-11-22T12:00:00Z"}""";
}
