using Xunit;

namespace sls_venture.LogForwarder.Tests;

public sealed class CredentialsTests
{
    [Theory]
    [InlineData("""{"url":"https://host:8088","token":"t"}""")]
    [InlineData("""{"token":"t","url":"https://host:8088/","note":1}""")]
    [InlineData("""{"url":"http://localhost:8088","token":"t"}""")]
    [InlineData("""{"url":"http://127.0.0.1:8088","token":"t"}""")]
    public void Reads_the_secret(string json) => Assert.Equal("t", Credentials.Parse(json, "ssm:/acme", hasToken: true).Token);

    [Theory]
    [InlineData("hunter2", "is not JSON")]
    [InlineData("\"hunter2\"", "lacks the member url")]
    [InlineData("""{"token":"hunter2"}""", "lacks the member url")]
    [InlineData("""{"url":"https://host/hunter2"}""", "lacks the member token")]
    [InlineData("""{"url":"https://host/hunter2","token":""}""", "lacks the member token")]
    [InlineData("""{"url":"http://host/hunter2","token":"hunter2"}""", "has a url that is not https://…")]
    [InlineData("""{"url":"host/hunter2","token":"hunter2"}""", "has a url that is not https://…")]
    [InlineData("""{"url":"ftp://host/hunter2","token":"hunter2"}""", "has a url that is not https://…")]
    [InlineData("""{"url":"https://host","token":"hunter2\n"}""", "has a token with a blank, a line break")]
    [InlineData("""{"url":"https://host","token":"hunter2\r\nX-Injected: 1"}""", "has a token with a blank, a line break")]
    [InlineData("""{"url":"https://host","token":"hunter 2"}""", "has a token with a blank, a line break")]
    [InlineData("""{"url":"https://host","token":"hunter2\u0000"}""", "has a token with a blank, a line break")]
    [InlineData("""{"url":"https://host","token":"hunter2\u007f"}""", "has a token with a blank, a line break")]
    [InlineData("""{"url":"https://host","token":"hunterß2"}""", "has a token with a blank, a line break")]
    [InlineData("""{"url":"https://host/hunter2\n","token":"t"}""", "has a url with a blank, a line break")]
    [InlineData("""{"url":"https://host/hunter2\r\nX-Injected: 1","token":"t"}""", "has a url with a blank, a line break")]
    public void Says_what_is_wrong_with_the_secret_and_repeats_nothing_of_it(string json, string says)
    {
        var message = Assert.Throws<SettingException>(() => Credentials.Parse(json, "ssm:/acme", hasToken: true)).Message;

        Assert.StartsWith("ssm:/acme " + says, message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Needs_no_token_where_the_address_is_the_secret() =>
        Assert.Equal("/receiver/v1/http/abc", Credentials.Parse("""{"url":"https://host/receiver/v1/http/abc"}""", "ssm:/acme", hasToken: false).Url.AbsolutePath);
}
