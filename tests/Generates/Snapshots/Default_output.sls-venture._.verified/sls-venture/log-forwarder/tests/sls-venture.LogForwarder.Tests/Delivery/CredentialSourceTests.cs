using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace sls_venture.LogForwarder.Tests;

public sealed class CredentialSourceTests
{
    private static readonly Deadline Later = new(TimeSpan.FromSeconds(30));

    [Theory]
    [InlineData("ssm:/acme/dev/log-forwarder/destination", "/systemsmanager/parameters/get?name=%2Facme%2Fdev%2Flog-forwarder%2Fdestination&withDecryption=true", """{"Parameter":{"Value":SECRET}}""")]
    [InlineData("secretsmanager:acme/dev/destination", "/secretsmanager/get?secretId=acme%2Fdev%2Fdestination", """{"SecretString":SECRET}""")]
    [InlineData("secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-b", "/secretsmanager/get?secretId=arn%3Aaws%3Asecretsmanager%3Aeu-west-1%3A123456789012%3Asecret%3Aa-b", """{"SecretString":SECRET}""")]
    public async Task Asks_the_extension_and_only_when_it_has_to(string setting, string target, string answer)
    {
        var requests = new List<(string Target, string Token)>();
        await using var extension = await Loopback.StartAsync(http =>
        {
            requests.Add((http.Request.Path + http.Request.QueryString.Value, http.Request.Headers["X-Aws-Parameters-Secrets-Token"]!));
            var secret = $$"""{"url":"https://host","token":"token-{{requests.Count}}"}""";
            return http.Response.WriteAsync(answer.Replace("SECRET", JsonSerializer.Serialize(secret), StringComparison.Ordinal));
        });
        using var source = Create(setting, extension);

        Assert.Equal("token-1", (await source.GetAsync(Later)).Token);
        Assert.Equal("token-1", (await source.GetAsync(Later)).Token);
        Assert.True(await source.RefreshAsync(Later));
        Assert.Equal("token-2", (await source.GetAsync(Later)).Token);
        Assert.Equal([(target, "session"), (target, "session")], requests.Select(r => (r.Target, r.Token)));
    }

    [Fact]
    public async Task Waits_for_an_extension_that_is_still_starting()
    {
        var requests = 0;
        await using var extension = await Loopback.StartAsync(http =>
        {
            if (++requests > 2)
                return http.Response.WriteAsync("""{"SecretString":"{\"url\":\"https://host\",\"token\":\"t\"}"}""");
            http.Response.StatusCode = 400;
            return http.Response.WriteAsync("not ready to serve traffic, please wait");
        });
        using var source = Create("secretsmanager:s", extension);

        Assert.Equal("t", (await source.GetAsync(Later)).Token);
    }

    [Fact]
    public async Task Says_what_to_look_at_if_the_secret_cannot_be_read()
    {
        await using var extension = await Loopback.StartAsync(http =>
        {
            http.Response.StatusCode = 403;
            return http.Response.WriteAsync("hunter2");
        });
        using var source = Create("ssm:/acme", extension);

        var message = (await Assert.ThrowsAsync<SettingException>(async () => await source.GetAsync(Later))).Message;
        Assert.Equal("DESTINATION_SECRET, ssm:/acme, could not be read: the extension answered 403. Check that it exists, that the function's role may read it, and that the function has the extension's layer.", message);
    }

    [Fact]
    public async Task Waits_for_an_extension_no_longer_than_the_invocation_has_time()
    {
        await using var extension = await Loopback.StartAsync(http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        using var source = Create("ssm:/acme", extension);
        var started = Stopwatch.GetTimestamp();

        var message = (await Assert.ThrowsAsync<SettingException>(async () => await source.GetAsync(new Deadline(TimeSpan.FromMilliseconds(300))))).Message;
        Assert.Contains("the extension did not answer in time", message, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(3));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"SecretBinary":"aHVudGVyMg=="}""")]
    [InlineData("""{"Parameter":{}}""")]
    [InlineData("not JSON")]
    public async Task Says_that_a_secret_is_not_text(string answer)
    {
        await using var extension = await Loopback.StartAsync(http => http.Response.WriteAsync(answer));
        using var source = Create("ssm:/acme", extension);

        Assert.Contains("is not text", (await Assert.ThrowsAsync<SettingException>(async () => await source.GetAsync(Later))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asks_the_extension_also_where_credentials_for_local_runs_are_set()
    {
        await using var extension = await Loopback.StartAsync(http => http.Response.WriteAsync("""{"SecretString":"{\"url\":\"https://host\",\"token\":\"secret\"}"}"""));
        using var source = Create("secretsmanager:s", extension, local: """{"url":"https://host","token":"local"}""");

        Assert.Equal("secret", (await source.GetAsync(Later)).Token);
    }

    [Fact]
    public async Task Takes_the_credentials_for_local_runs_where_no_secret_is_named()
    {
        using var source = new CredentialSource(name => name == "DESTINATION_CREDENTIALS" ? """{"url":"https://host","token":"local"}""" : null, hasToken: true);

        Assert.Equal("local", (await source.GetAsync(Later)).Token);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/acme/dev")]
    [InlineData("ssm:")]
    [InlineData("vault:secret")]
    [InlineData("hunter2")]
    [InlineData("""{"url":"https://host/hunter2","token":"hunter2"}""")]
    [InlineData("""ssm:{"url":"https://host/hunter2","token":"hunter2"}""")]
    [InlineData("https://host/receiver/v1/http/hunter2")]
    public void Refuses_a_setting_of_another_form_and_repeats_nothing_of_it(string? setting) =>
        Assert.Equal(
            "DESTINATION_SECRET does not say where the destination's credentials are kept; must be ssm:<parameter name> or secretsmanager:<secret name or ARN>.",
            Assert.Throws<SettingException>(() => new CredentialSource(name => name == "DESTINATION_SECRET" ? setting : null, hasToken: true)).Message);

    private static CredentialSource Create(string setting, Loopback extension, string? local = null) => new(
        name => name switch
        {
            "DESTINATION_SECRET" => setting,
            "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT" => $"{extension.Address.Port}",
            "AWS_SESSION_TOKEN" => "session",
            "DESTINATION_CREDENTIALS" => local,
            _ => null,
        },
        hasToken: true);
}
