using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Serverless;
using Xunit;

namespace sls_forwarder.Tests;

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
        Assert.Equal("DESTINATION_SECRET, ssm:/acme, could not be read: the extension answered 403; expected is that it exists, that the function's role may read it, and that the layer of the extension is there.", message);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"SecretBinary":"aHVudGVyMg=="}""")]
    [InlineData("""{"Parameter":{}}""")]
    [InlineData("not JSON")]
    public async Task Says_that_a_secret_is_no_text(string answer)
    {
        await using var extension = await Loopback.StartAsync(http => http.Response.WriteAsync(answer));
        using var source = Create("ssm:/acme", extension);

        Assert.Contains("is no text", (await Assert.ThrowsAsync<SettingException>(async () => await source.GetAsync(Later))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("/acme/dev")]
    [InlineData("ssm:")]
    [InlineData("vault:secret")]
    public void Refuses_a_setting_of_another_form(string? setting) =>
        Assert.Equal(
            $"DESTINATION_SECRET is \"{setting}\"; expected is ssm:<parameter name> or secretsmanager:<secret name or ARN>.",
            Assert.Throws<SettingException>(() => new CredentialSource(name => name == "DESTINATION_SECRET" ? setting : null, hasToken: true)).Message);

    private static CredentialSource Create(string setting, Loopback extension) => new(
        name => name switch
        {
            "DESTINATION_SECRET" => setting,
            "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT" => $"{extension.Address.Port}",
            "AWS_SESSION_TOKEN" => "session",
            _ => null,
        },
        hasToken: true);
}
