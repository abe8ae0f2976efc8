using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>
/// A program on shared/Serverless as Lambda sees it: what it says to the Runtime API and writes to its log. The expected texts are what
/// the same program says and writes on Amazon.Lambda.RuntimeSupport 2.1.2.
/// </summary>
public sealed class RuntimeClientTests(RuntimeClientTests.Program program) : IClassFixture<RuntimeClientTests.Program>
{
    private const string Trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1";

    [Fact]
    public async Task Answers_one_event_after_the_other_over_one_connection()
    {
        var run = await RunAsync(["answer", "empty", "later", "fail", "answer"]);

        Assert.Equal(["next", "response", "next", "response", "next", "response", "next", "error", "next", "response", "next"], run.Requests.Select(request => request.Path.Split('/')[^1]));
        Assert.All(run.Requests, request => Assert.Equal("application/json", request.Headers["Accept"]));
        Assert.Equal(["{}", "", "answer", "{}"], run.Answers.Select(request => request.Body));
        Assert.All(run.Answers, request => Assert.Equal("application/json", request.Headers["Content-Type"]));
        Assert.Single(run.Requests.Select(request => request.Connection).Distinct());
    }

    [Fact]
    public async Task Answers_a_failure_with_its_exception_and_logs_it()
    {
        var run = await RunAsync(["fail"]);

        var error = Assert.Single(run.Requests, request => request.Path.EndsWith("/error", StringComparison.Ordinal));
        Assert.StartsWith("{\n  \"errorType\": \"InvalidDataException\",\n  \"errorMessage\": \"The event is wrong: ä\",\n  \"stackTrace\": [\n    \"at ", error.Body, StringComparison.Ordinal);
        Assert.Equal("application/vnd.aws.lambda.error+json", error.Headers["Content-Type"]);
        Assert.Equal("InvalidDataException", error.Headers["Lambda-Runtime-Function-Error-Type"]);
        Assert.Equal("The event is wrong: ä", (string?)JsonNode.Parse(error.Headers["Lambda-Runtime-Function-XRay-Error-Cause"])!["exceptions"]![0]!["message"]);
        var line = JsonNode.Parse(Assert.Single(run.Lines))!;
        Assert.Equal(("Error", Trace, "", "System.IO.InvalidDataException"), ((string?)line["level"], (string?)line["traceId"], (string?)line["message"], (string?)line["errorType"]));
        Assert.Equal(error.Path.Split('/')[^2], (string?)line["requestId"]);
    }

    [Fact]
    public async Task Reports_why_it_cannot_start_and_ends()
    {
        var run = await RunAsync([], function: "unprepared");

        var report = Assert.Single(run.Requests);
        Assert.EndsWith("/runtime/init/error", report.Path, StringComparison.Ordinal);
        Assert.Equal(("InvalidOperationException", "No preparation."), ((string?)JsonNode.Parse(report.Body)!["errorType"], (string?)JsonNode.Parse(report.Body)!["errorMessage"]));
        Assert.Equal("System.InvalidOperationException", (string?)JsonNode.Parse(run.Lines[0])!["errorType"]);
        Assert.False(run.IsRunning);
    }

    [Fact]
    public async Task Prepares_each_function_but_those_that_are_left_out()
    {
        Assert.Equal(["Ready."], (await RunAsync(["answer"], new() { ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand" }, function: "other")).Lines);
        Assert.Empty((await RunAsync(["answer"])).Lines);
    }

    [Fact]
    public async Task Ends_when_the_Runtime_API_refuses_an_answer()
    {
        var run = await RunAsync(["answer"], status: StatusCodes.Status413PayloadTooLarge);

        Assert.False(run.IsRunning);
        Assert.Contains(run.Lines, line => line.Contains("with 413", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Tells_the_function_of_its_invocation()
    {
        var run = await RunAsync(["context"], headers: new()
        {
            ["Lambda-Runtime-Client-Context"] = """{"client":{"app_title":"Title"},"custom":{"a":"b"},"env":{"c":"d"}}""",
            ["Lambda-Runtime-Cognito-Identity"] = """{"cognitoIdentityId":"identity","cognitoIdentityPoolId":"pool"}""",
            ["Lambda-Runtime-Aws-Tenant-Id"] = "tenant",
        });

        var answer = Assert.Single(run.Answers);
        Assert.Equal(
            $"{answer.Path.Split('/')[^2]}|acme-example-dev-function|$LATEST|arn:aws:lambda:ap-southeast-2:123456789012:function:function|/aws/lambda/acme-example-dev-function|2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef|512|True|{Trace}|tenant|Title|[a, b]|[c, d]|identity|pool|{Trace}",
            answer.Body);
    }

    [Fact]
    public async Task Tells_the_function_of_an_invocation_without_a_client()
    {
        var run = await RunAsync(["context"]);

        Assert.EndsWith($"|{Trace}|||||||{Trace}", Assert.Single(run.Answers).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("JSON", "", new[] { "info:text é", "warn:7", "Trace:as it is", "Information:a line", "Information:5", "no line end|", "Error:an error" })]
    [InlineData("JSON", "WARN", new[] { "warn:7", "Trace:as it is", "no line end|", "Error:an error" })]
    [InlineData("JSON", "INFO", new[] { "info:text é", "warn:7", "Trace:as it is", "Information:a line", "Information:5", "no line end|", "Error:an error" })]
    [InlineData("JSON", "ERROR", new[] { "Trace:as it is", "no line end|", "Error:an error" })]
    [InlineData("JSON", "Critical", new[] { "Trace:as it is", "no line end|" })]
    [InlineData("JSON", "FATAL", new[] { "Trace:as it is", "no line end|" })]
    [InlineData("JSON", "TRACE", new[] { "debug:hidden", "info:text é", "warn:7", "Trace:as it is", "Information:a line", "Information:5", "no line end|", "Error:an error" })]
    [InlineData("JSON", "debug", new[] { "debug:hidden", "info:text é", "warn:7", "Trace:as it is", "Information:a line", "Information:5", "no line end|", "Error:an error" })]
    public async Task Writes_what_the_level_lets_through(string format, string level, string[] expected)
    {
        var run = await RunAsync(["log"], new() { ["AWS_LAMBDA_LOG_FORMAT"] = format, ["AWS_LAMBDA_LOG_LEVEL"] = level });

        Assert.Equal(
            expected.Select(text => text.Replace("info:", "Information:", StringComparison.Ordinal).Replace("warn:", "Warning:", StringComparison.Ordinal).Replace("debug:", "Debug:", StringComparison.Ordinal)).Order(),
            run.Lines.Select(line => line.StartsWith('{') ? $"{JsonNode.Parse(line)!["level"]}:{JsonNode.Parse(line)!["message"]}" : line).Order());
    }

    [Fact]
    public async Task Writes_text_when_that_is_asked_for()
    {
        var run = await RunAsync(["log"], new() { ["AWS_LAMBDA_LOG_FORMAT"] = "Text" });

        var id = run.Answers[0].Path.Split('/')[^2];
        Assert.Contains(run.Lines, line => line.EndsWith($"Z\t{id}\tinfo\ttext é", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.EndsWith($"Z\t{id}\tfail\tan error", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("JSON", 0xa55a0002)]
    [InlineData("Text", 0xa55a0003)]
    public async Task Writes_into_the_file_that_Lambda_names_an_event_a_frame(string format, uint kind)
    {
        if (OperatingSystem.IsWindows())
            return;
        var file = Path.Combine(TestRun.NewFolder("telemetry"), "log");
        var run = await RunAsync(["log"], new() { ["AWS_LAMBDA_LOG_FORMAT"] = format }, telemetry: file);

        Assert.Empty(run.Lines);
        var frames = await File.ReadAllBytesAsync(file);
        var texts = new List<string>();
        for (var i = 0; i < frames.Length;)
        {
            Assert.Equal(kind, BinaryPrimitives.ReadUInt32BigEndian(frames.AsSpan(i)));
            var length = BinaryPrimitives.ReadInt32BigEndian(frames.AsSpan(i + 4));
            var time = DateTime.UnixEpoch.AddMicroseconds(BinaryPrimitives.ReadInt64BigEndian(frames.AsSpan(i + 8)));
            Assert.InRange(time, DateTime.UtcNow.AddMinutes(-2), DateTime.UtcNow);
            texts.Add(Encoding.UTF8.GetString(frames, i + 16, length));
            i += 16 + length;
        }
        Assert.Equal(7, texts.Count);
        Assert.Contains(texts, text => text.Contains(format == "JSON" ? "\"text \\u00E9\"" : "\ttext é\n", StringComparison.Ordinal));
        Assert.Contains("no line end|\n", texts);
    }

    /// <summary>Runs the program until it has asked for one more event than there are, or has ended.</summary>
    private async Task<Run> RunAsync(
        string[] events, Dictionary<string, string?>? variables = null, Dictionary<string, string>? headers = null, string function = "function", int status = StatusCodes.Status202Accepted, string? telemetry = null)
    {
        var waiting = new ConcurrentQueue<string>(events);
        var requests = new ConcurrentQueue<Request>();
        var done = new TaskCompletionSource();
        await using var server = await Loopback.StartAsync(HandleAsync);
        await using var api = await RuntimeApi.StartAsync();
        var environment = new Dictionary<string, string?>(variables ?? []) { ["AWS_LAMBDA_RUNTIME_API"] = server.Address.Authority, ["_HANDLER"] = function };
        var process = LambdaProcess.Start(telemetry is null ? program.Path : await program.WithTelemetryAsync(telemetry), api, "function", environment);
        bool isRunning;
        try
        {
            for (var limit = DateTime.UtcNow.AddSeconds(30); !done.Task.IsCompleted && process.IsRunning; await Task.Delay(20))
                Assert.True(DateTime.UtcNow < limit, $"It neither ended nor asked for the next event:\n{process.Output}");
            isRunning = process.IsRunning;
        }
        finally
        {
            // Its output is read to the end then.
            await process.DisposeAsync();
        }
        return new Run([.. requests], process.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), isRunning);

        async Task HandleAsync(HttpContext http)
        {
            using var body = new StreamReader(http.Request.Body, Encoding.UTF8);
            requests.Enqueue(new Request(
                http.Request.Path.Value!, http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), await body.ReadToEndAsync(), http.Connection.Id));
            if (!http.Request.Path.Value!.EndsWith("/next", StringComparison.Ordinal))
            {
                http.Response.StatusCode = status;
                await http.Response.WriteAsync("""{"status":"OK"}""");
            }
            else if (waiting.TryDequeue(out var next))
            {
                http.Response.Headers["Lambda-Runtime-Aws-Request-Id"] = Guid.NewGuid().ToString();
                http.Response.Headers["Lambda-Runtime-Deadline-Ms"] = DateTimeOffset.UtcNow.AddMinutes(1).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
                http.Response.Headers["Lambda-Runtime-Invoked-Function-Arn"] = "arn:aws:lambda:ap-southeast-2:123456789012:function:function";
                http.Response.Headers["Lambda-Runtime-Trace-Id"] = Trace;
                foreach (var (name, value) in headers ?? [])
                    http.Response.Headers[name] = value;
                await http.Response.WriteAsync(next);
            }
            else
            {
                done.TrySetResult();
                await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }

    /// <summary>What the program asked of the Runtime API.</summary>
    private sealed record Request(string Path, Dictionary<string, string> Headers, string Body, string Connection);

    private sealed record Run(Request[] Requests, string[] Lines, bool IsRunning)
    {
        public Request[] Answers => [.. Requests.Where(request => request.Path.EndsWith("/response", StringComparison.Ordinal))];
    }

    /// <summary>The program, built once.</summary>
    public sealed class Program : IAsyncLifetime
    {
        private const string Source = """
            using System.Text;
            using Amazon.Lambda.Core;
            using Serverless;

            return await new Service()
                .On("function", HandleAsync)
                .On("unprepared", HandleAsync)
                .On("other", HandleAsync)
                .BeforeFirstEventOf("unprepared", () => throw new InvalidOperationException("No preparation."))
                .BeforeFirstEventOf("other", SystemCertificates.ReadAsync)
                .BeforeFirstEvent(() =>
                {
                    Console.Write($"Ready.\n");
                    return Task.CompletedTask;
                }, exceptOf: ["function", "unprepared"])
                .RunAsync(args);

            static async Task<Stream> HandleAsync(Stream input, ILambdaContext context)
            {
                using var reader = new StreamReader(input);
                switch (await reader.ReadToEndAsync())
                {
                    case "fail":
                        throw new InvalidDataException("The event is wrong: ä");
                    case "empty":
                        return Stream.Null;
                    case "later":
                        await Task.Delay(50);
                        var answer = new MemoryStream();
                        answer.Write("not the answer"u8);
                        answer.Position = 8;
                        return answer;
                    case "context":
                        var (client, caller) = (context.ClientContext, context.Identity);
                        return Bytes(string.Join('|',
                            context.AwsRequestId, context.FunctionName, context.FunctionVersion, context.InvokedFunctionArn, context.LogGroupName, context.LogStreamName,
                            context.MemoryLimitInMB, context.RemainingTime > TimeSpan.FromSeconds(50), context.TraceId, context.TenantId,
                            client.Client?.AppTitle, string.Join(",", client.Custom ?? new Dictionary<string, string>()), string.Join(",", client.Environment ?? new Dictionary<string, string>()),
                            caller.IdentityId, caller.IdentityPoolId, Environment.GetEnvironmentVariable("_X_AMZN_TRACE_ID")));
                    case "log":
                        context.Logger.LogDebug("hidden");
                        context.Logger.LogInformation("text é");
                        context.Logger.LogWarning("{Number}", 7);
                        context.Logger.Log("Unknown", "as it is");
                        context.Logger.LogLine("a line");
                        Console.WriteLine(5);
                        Console.Write("no line end|\n");
                        Console.Error.WriteLine("an error");
                        break;
                }
                return Bytes("{}");
            }

            static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));
            """;

        private readonly string folder = TestRun.NewFolder("runtime-client");

        /// <summary><c>bootstrap.dll</c>.</summary>
        public string Path => System.IO.Path.Combine(folder, "built", "bootstrap.dll");

        /// <summary>A script that opens the file and names it to the program, as Lambda does.</summary>
        public async Task<string> WithTelemetryAsync(string file)
        {
            var script = $"{file}.sh";
            await File.WriteAllTextAsync(script, $"#!/bin/sh\nexec 9>'{file}'\n_LAMBDA_TELEMETRY_LOG_FD=9 AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512 exec '{Command.DotnetHost}' '{Path}'\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return script;
        }

        /// <inheritdoc/>
        public async Task InitializeAsync()
        {
            foreach (var file in Directory.EnumerateFiles(Repository.PathOf("templates", "shared", "Serverless"), "*", SearchOption.AllDirectories))
            {
                var copy = System.IO.Path.Combine(folder, "Serverless", System.IO.Path.GetRelativePath(Repository.PathOf("templates", "shared", "Serverless"), file));
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
            Directory.CreateDirectory(System.IO.Path.Combine(folder, "program"));
            await File.WriteAllTextAsync(System.IO.Path.Combine(folder, "Directory.Build.props"), "<Project><PropertyGroup><TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable><ImplicitUsings>enable</ImplicitUsings><InvariantGlobalization>true</InvariantGlobalization></PropertyGroup></Project>");
            await File.WriteAllTextAsync(System.IO.Path.Combine(folder, "program", "Program.cs"), Source);
            await File.WriteAllTextAsync(System.IO.Path.Combine(folder, "program", "bootstrap.csproj"), """
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup>
                    <OutputType>Exe</OutputType>
                  </PropertyGroup>
                  <ItemGroup>
                    <ProjectReference Include="../Serverless/Serverless.csproj" />
                  </ItemGroup>
                </Project>
                """);
            (await Command.Dotnet(System.IO.Path.Combine(folder, "program"), "build", "-nologo", "-nodeReuse:false", "-o", System.IO.Path.Combine(folder, "built"))).Succeeded();
        }

        /// <inheritdoc/>
        public Task DisposeAsync() => Task.CompletedTask;
    }
}
