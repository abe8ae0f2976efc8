using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>
/// What Amazon.Lambda.RuntimeSupport says to the Runtime API, and writes to the log: the real package, or the stand-in that takes its
/// place. The expected texts are those of the real one.
/// </summary>
public sealed class RuntimeClientTests
{
    private const string Program = """
        using Amazon.Lambda.Core;
        using Amazon.Lambda.RuntimeSupport;

        await LambdaBootstrapBuilder.Create((Stream input, ILambdaContext context) =>
        {
            using var text = new StreamReader(input);
            if (text.ReadToEnd() == "fail")
                throw new InvalidDataException("The event is wrong.");
            context.Logger.LogInformation("{@Value} and {Text}", double.NaN, "text");
            return (Stream)new MemoryStream("{}"u8.ToArray());
        }).Build().RunAsync();
        """;

    [Fact]
    public async Task Asks_for_JSON_indents_the_error_and_logs_NaN_as_a_text()
    {
        var events = new Queue<string>(["answer", "fail"]);
        var requests = new List<(string Path, string Accept, string Body)>();
        var done = new TaskCompletionSource();
        await using var server = await Loopback.StartAsync(HandleAsync);
        await using var api = await RuntimeApi.StartAsync();
        await using var process = LambdaProcess.Start(await BuildAsync(), api, "function", new Dictionary<string, string?> { ["AWS_LAMBDA_RUNTIME_API"] = server.Address.Authority });

        await done.Task.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(["next", "response", "next", "error", "next"], requests.Select(request => request.Path.Split('/')[^1]));
        Assert.All(requests, request => Assert.Equal("application/json", request.Accept));
        Assert.StartsWith("{\n  \"errorType\": \"InvalidDataException\",\n  \"errorMessage\": \"The event is wrong.\",\n  \"stackTrace\": [\n    \"at ", requests[3].Body.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        var line = process.Output.Split('\n').Single(line => line.Contains(" and text", StringComparison.Ordinal));
        Assert.Equal("NaN", (string?)JsonNode.Parse(line)!["Value"]);

        async Task HandleAsync(HttpContext http)
        {
            using var body = new StreamReader(http.Request.Body, Encoding.UTF8);
            requests.Add((http.Request.Path.Value!, http.Request.Headers.Accept.ToString(), await body.ReadToEndAsync()));
            if (!http.Request.Path.Value!.EndsWith("/next", StringComparison.Ordinal))
            {
                http.Response.StatusCode = StatusCodes.Status202Accepted;
                await http.Response.WriteAsync("""{"status":"OK"}""");
            }
            else if (events.TryDequeue(out var next))
            {
                http.Response.Headers["Lambda-Runtime-Aws-Request-Id"] = Guid.NewGuid().ToString();
                http.Response.Headers["Lambda-Runtime-Deadline-Ms"] = $"{DateTimeOffset.UtcNow.AddMinutes(1).ToUnixTimeMilliseconds()}";
                http.Response.Headers["Lambda-Runtime-Invoked-Function-Arn"] = "arn:aws:lambda:ap-southeast-2:123456789012:function:function";
                await http.Response.WriteAsync(next);
            }
            else
            {
                done.TrySetResult();
                await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }

    // A program with the package that the services have.
    private static async Task<string> BuildAsync()
    {
        var folder = TestRun.NewFolder("runtime-client");
        var version = XDocument.Load(Repository.PathOf("templates", "shared", "Serverless", "Serverless.csproj")).Descendants("PackageReference")
            .Single(reference => reference.Attribute("Include")!.Value == "Amazon.Lambda.RuntimeSupport").Attribute("Version")!.Value;
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), Program);
        await File.WriteAllTextAsync(Path.Combine(folder, "bootstrap.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Amazon.Lambda.RuntimeSupport" Version="{version}" />
              </ItemGroup>
            </Project>
            """);
        (await Command.Dotnet(folder, "build", "-nologo", "-nodeReuse:false", "-o", "built")).Succeeded();
        return Path.Combine(folder, "built", "bootstrap.dll");
    }
}
