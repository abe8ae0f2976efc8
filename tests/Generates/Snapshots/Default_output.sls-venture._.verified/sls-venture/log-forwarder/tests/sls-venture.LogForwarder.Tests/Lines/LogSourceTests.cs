using Xunit;

namespace sls_venture.LogForwarder.Tests;

public sealed class LogSourceTests
{
    [Theory]
    [InlineData("acme-auth-dev-hello", "dev", "acme-auth", "dev", "hello")]
    [InlineData("acme-auth-dev-post-confirmation", "dev", "acme-auth", "dev", "post-confirmation")]
    [InlineData("acme-dev-tools-dev-hello", "dev", "acme-dev-tools", "dev", "hello")]
    [InlineData("acme-auth-prod-hello", "dev", null, null, "acme-auth-prod-hello")]
    [InlineData("image-resize-worker", "dev", null, null, "image-resize-worker")]
    [InlineData("acme-auth-prod-hello", null, "acme-auth", "prod", "hello")]
    [InlineData("dev-tools-hello", "dev", null, null, "dev-tools-hello")]
    [InlineData("acme-auth-dev-hello", null, "acme-auth", "dev", "hello")]
    [InlineData("acme-dev-", "dev", null, null, "acme-dev-")]
    [InlineData("legacy", "dev", null, null, "legacy")]
    [InlineData("my-function", "dev", null, null, "my-function")]
    [InlineData("a--b", null, null, null, "a--b")]
    public void Splits_the_name_of_a_function(string name, string? stage, string? service, string? ownStage, string function) =>
        Assert.Equal((service, ownStage, function), LogSource.Split(name, stage));

    [Theory]
    [InlineData("/aws/lambda/acme-auth-dev-hello", "2026/11/22/[$LATEST]8a1f", "hello")]
    [InlineData("/acme/all-functions", "2026/11/22/acme-auth-dev-hello[$LATEST]8a1f", "hello")]
    [InlineData("/acme/all-functions", "2026/11/22/[$LATEST]8a1f", null)]
    [InlineData("/ecs/web", "web/container/0123", null)]
    [InlineData("/aws/lambda/", "s", null)]
    public void Finds_the_function_in_the_log_group_or_the_stream(string logGroup, string logStream, string? function)
    {
        var source = LogSource.Of(LogsEvent.Read(LogsEvent.Pack(LogsEvent.Json(["a"], logGroup, logStream))), "ap-southeast-2", "dev");

        Assert.Equal(function, source.Function);
        Assert.Equal(("123456789012", "ap-southeast-2", logGroup, logStream), (source.Account, source.Region, source.LogGroup, source.LogStream));
    }
}
