#:sdk Microsoft.NET.Sdk.Web
#:property PublishAot=false
#:property Nullable=enable

// The product as a user meets it: pack, install, scaffold, build, test, package, run. Everything happens in a folder of its own,
// which is removed at the end; the user's own templates stay as they are. Exit code 0: all of it held.

using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

const int MostShown = 20;
const string SplunkToken = "11111111-2222-3333-4444-555555555555";
const string ForwarderArn = "arn:aws:lambda:ap-southeast-2:123456789012:function:acme-logforwarder-dev-forwarder";

var repository = Path.GetDirectoryName(AppContext.GetData("EntryPointFilePath") as string) ?? Directory.GetCurrentDirectory();
var workplace = Directory.CreateTempSubdirectory("serverless-templates-demo-").FullName;
var hive = Path.Combine(workplace, "hive");
var clock = Stopwatch.StartNew();

try
{
    var native = CheckPrerequisites();

    await Step("Packing the templates", async () =>
    {
        await Run("dotnet", ["msbuild", "tests/stand-ins/StandIns.proj", "-nologo", "-verbosity:quiet"], repository);
        await Run("dotnet", ["pack", "Serverless.Templates.csproj", "--output", workplace], repository);
    });
    await Step("Installing them in a private hive", () =>
        Run("dotnet", ["new", "install", Directory.GetFiles(workplace, "*.nupkg").Single(), "--debug:custom-hive", hive], workplace));

    var forwarder = await Scaffold("sls-forwarder", "Acme.LogForwarder", native, "--destination", "splunk");
    await Step("Acme.LogForwarder at work: a Lambda Runtime API hands it two events", () => ShipTwoEvents(forwarder, native));

    var auth = await Scaffold("sls-auth", "Acme.Auth", native, "--forwarderArn", ForwarderArn);
    await Step("Acme.Auth at work: sign-up, trigger, sign-in, authorizer, function", () => SignUpAndCall(auth, native));

    Say($"All of it held, in {clock.Elapsed.TotalSeconds:0} s.");
    return 0;
}
catch (DemoException failure)
{
    Say(failure.Message);
    return 1;
}
finally
{
    Directory.Delete(workplace, recursive: true);
}

// --- what is needed -----------------------------------------------------------------------------------------------------

bool CheckPrerequisites()
{
    if (!Exists(OperatingSystem.IsWindows() ? "node.exe" : "node") || !Exists(Npm))
        throw new DemoException("Node.js with npm is missing: install version 20.19, 22.13, 24 or newer from https://nodejs.org, or by your system's package manager.");
    if (!OperatingSystem.IsLinux())
    {
        Say("This is not Linux: the demo runs the managed build. The native one is built in a container, see the generated README.");
        return false;
    }
    if (!Exists("clang") && !Exists("gcc"))
    {
        Say("clang is missing, so the demo runs the managed build. For the native one: apt-get install clang zlib1g-dev");
        return false;
    }
    return true;
}

static bool Exists(string command) =>
    (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, command)));

// --- a service, from nothing to what would be deployed ------------------------------------------------------------------

async Task<string> Scaffold(string template, string name, bool native, params string[] options)
{
    var project = Path.Combine(workplace, name);
    string[] command = ["new", template, "-n", name, .. options, .. (native ? Array.Empty<string>() : ["--runtime", "managed"])];
    await Step($"dotnet {string.Join(' ', command)}", () => Run("dotnet", [.. command, "--debug:custom-hive", hive, "--no-update-check"], workplace));
    await Step("  npm ci", () => Run(Npm, ["ci", "--no-audit", "--no-fund"], project));
    await Step("  npm run package: the binary, its zip, the CloudFormation", () => Run(Npm, ["run", "package"], project));
    await Step("  dotnet test", async () => Say("    " + LastLine(await Run("dotnet", ["test", "--nologo"], project), "assed")));
    return project;
}

// --- the forwarder at work ----------------------------------------------------------------------------------------------

async Task ShipTwoEvents(string project, bool native)
{
    var received = Channel.CreateUnbounded<JsonElement>();
    await using var splunk = await Serve(app => app.MapPost("/services/collector/event", async (HttpContext http) =>
    {
        if (http.Request.Headers.Authorization != $"Splunk {SplunkToken}")
            return Results.Json(new { text = "Invalid token", code = 4 }, statusCode: 403);
        await using var body = http.Request.Headers.ContentEncoding == "gzip"
            ? new GZipStream(http.Request.Body, CompressionMode.Decompress)
            : http.Request.Body;
        foreach (var entry in await ReadEntries(body))
            received.Writer.TryWrite(entry);
        return Results.Json(new { text = "Success", code = 0 });
    }));

    await using var function = await RunningFunction.StartAsync(project, "forwarder", native, new()
    {
        ["DESTINATION_CREDENTIALS"] = JsonSerializer.Serialize(new { url = splunk.Urls.Single(), token = SplunkToken }),
    });
    var samples = Path.Combine(project, "tests", "Acme.LogForwarder.Tests", "events");
    foreach (var sample in (string[])["json-lines.json", "plain.json"])
    {
        var (_, milliseconds) = await function.InvokeAsync(await File.ReadAllBytesAsync(Path.Combine(samples, sample)));
        Say($"  {sample}: answered after {milliseconds} ms");
    }

    var shipped = 0;
    while (received.Reader.TryRead(out var entry))
    {
        if (++shipped > MostShown)
            continue;
        var fields = entry.GetProperty("fields");
        var time = DateTimeOffset.FromUnixTimeMilliseconds((long)(entry.GetProperty("time").GetDouble() * 1000));
        Say($"  {time:HH:mm:ss.fff}  {Field(fields, "function"),-6} {Field(fields, "level"),-6} {Field(fields, "trace_id"),-35}  {Shorten(entry.GetProperty("event"))}");
    }
    if (shipped == 0)
        throw new DemoException("The function answered, but Splunk received nothing.");
    Say($"  Splunk received {shipped} lines{(shipped > MostShown ? $", of which the first {MostShown} are shown" : "")}.");

    static string Field(JsonElement fields, string name) => fields.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    static string Shorten(JsonElement line)
    {
        var text = line.ValueKind == JsonValueKind.Object && line.TryGetProperty("message", out var message) ? message.ToString() : line.ToString();
        text = text.ReplaceLineEndings(" ").Replace('\t', ' ');
        return text.Length <= 60 ? text : text[..59] + "…";
    }
}

// Splunk's collector takes JSON objects one after the other, not an array.
static async Task<List<JsonElement>> ReadEntries(Stream body)
{
    var buffer = new MemoryStream();
    await body.CopyToAsync(buffer);
    return Parse(buffer.ToArray());

    static List<JsonElement> Parse(byte[] bytes)
    {
        var entries = new List<JsonElement>();
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { AllowMultipleValues = true });
        while (reader.Read())
            entries.Add(JsonElement.ParseValue(ref reader));
        return entries;
    }
}

// --- the auth service at work -------------------------------------------------------------------------------------------

async Task SignUpAndCall(string project, bool native)
{
    const string email = "ada@example.com";
    var poolUrl = $"http://127.0.0.1:{FreePort()}";
    var tableUrl = $"http://127.0.0.1:{FreePort()}";
    Dictionary<string, string> settings = new()
    {
        ["TOKEN_ISSUERS"] = $"{poolUrl}/local_users",
        ["TOKEN_CLIENTS"] = "local-client",
        ["TOKEN_USE"] = "access",
        ["USERS_TABLE"] = "users",
        ["AWS_ENDPOINT_URL_DYNAMODB"] = tableUrl,
    };

    // The pool invokes its trigger by Lambda's Invoke API; here that reaches the function's own binary.
    await using var trigger = await RunningFunction.StartAsync(project, "postConfirmation", native, settings);
    await using var lambda = await Serve(app => app.MapPost("/2015-03-31/functions/postConfirmation/invocations", async (HttpContext http) =>
    {
        var buffer = new MemoryStream();
        await http.Request.Body.CopyToAsync(buffer);
        var (answer, milliseconds) = await trigger.InvokeAsync(buffer.ToArray());
        Say($"  the pool called postConfirmation, which made the user's row: {milliseconds} ms");
        return Results.Text(answer, "application/json");
    }));

    using var local = StartQuietly("node", ["local/start.mjs"], project, new()
    {
        ["POOL_PORT"] = new Uri(poolUrl).Port.ToString(),
        ["TABLE_PORT"] = new Uri(tableUrl).Port.ToString(),
        ["TRIGGER_URL"] = lambda.Urls.Single(),
        ["LOCAL_FOLDER"] = Path.Combine(workplace, "local"),
        ["TABLE_IN_MEMORY"] = "1",
    });
    var hostUrl = $"http://127.0.0.1:{FreePort()}";
    using var host = StartQuietly("dotnet", ["run", "--no-build", "--no-launch-profile", "--project", "src/Acme.Auth.Host", "--urls", hostUrl], project, settings);
    try
    {
        using var http = new HttpClient();
        await WaitFor($"{poolUrl}/health", http);
        await WaitFor($"{hostUrl}/health/ready", http);

        await Pool("SignUp", new { ClientId = "local-client", Username = email, Password = "A-long-passw0rd", UserAttributes = new[] { new { Name = "email", Value = email } } });
        await Pool("ConfirmSignUp", new { ClientId = "local-client", Username = email, ConfirmationCode = "123456" });
        var signedIn = await Pool("InitiateAuth", new { ClientId = "local-client", AuthFlow = "USER_PASSWORD_AUTH", AuthParameters = new { USERNAME = email, PASSWORD = "A-long-passw0rd" } });
        var token = signedIn["AuthenticationResult"]!["AccessToken"]!.ToString();
        Say($"  {email} has signed up, confirmed and signed in");

        await using var authorizer = await RunningFunction.StartAsync(project, "authorizer", native, settings);
        var verdict = await Authorize(authorizer, token, "");
        var context = verdict["isAuthorized"]!.GetValue<bool>() ? verdict["context"]! : throw new DemoException("The authorizer denied a good token.");
        Say($"  the authorizer admits the token: {context.ToJsonString()}");
        var tampered = token[..^8] + (token[^8] == 'A' ? 'B' : 'A') + token[^7..];
        if ((await Authorize(authorizer, tampered, " a tampered one"))["isAuthorized"]!.GetValue<bool>())
            throw new DemoException("The authorizer admitted a tampered token.");
        Say("  and denies it with one letter of the signature changed");

        await using var me = await RunningFunction.StartAsync(project, "me", native, settings);
        var (response, took) = await me.InvokeAsync(HttpApiEvent("GET /me", context));
        var fromFunction = JsonNode.Parse(response)!["body"]!.ToString();
        Say($"  GET /me from the function, {took} ms: {fromFunction}");

        using var request = new HttpRequestMessage(HttpMethod.Get, $"{hostUrl}/me");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await http.SendAsync(request);
        var fromHost = await answer.Content.ReadAsStringAsync();
        if (fromHost != fromFunction || !fromHost.Contains(email))
            throw new DemoException($"The host answers otherwise, {(int)answer.StatusCode}: {fromHost}");
        Say("  GET /me from the host on Kestrel: the same");

        async Task<JsonNode> Pool(string operation, object input)
        {
            using var call = new HttpRequestMessage(HttpMethod.Post, poolUrl)
            {
                Content = new StringContent(JsonSerializer.Serialize(input), Encoding.UTF8, "application/x-amz-json-1.1"),
            };
            call.Headers.Add("X-Amz-Target", $"AWSCognitoIdentityProviderService.{operation}");
            using var answered = await http.SendAsync(call);
            var body = await answered.Content.ReadAsStringAsync();
            return answered.IsSuccessStatusCode ? JsonNode.Parse(body)! : throw new DemoException($"{operation} failed: {body}");
        }
    }
    finally
    {
        local.Kill(entireProcessTree: true);
        host.Kill(entireProcessTree: true);
        await Task.WhenAll(local.WaitForExitAsync(), host.WaitForExitAsync());
    }

    static async Task<JsonNode> Authorize(RunningFunction authorizer, string token, string what)
    {
        var (answer, milliseconds) = await authorizer.InvokeAsync(JsonSerializer.SerializeToUtf8Bytes(new
        {
            version = "2.0",
            type = "REQUEST",
            routeKey = "GET /me",
            headers = new Dictionary<string, string> { ["authorization"] = $"Bearer {token}" },
        }));
        Say($"  authorizer{what}: {milliseconds} ms");
        return JsonNode.Parse(answer)!;
    }

    // What API Gateway makes of a request that the authorizer has let in.
    static byte[] HttpApiEvent(string route, JsonNode context) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["version"] = "2.0",
        ["routeKey"] = route,
        ["rawPath"] = route.Split(' ')[1],
        ["headers"] = new JsonObject { ["accept"] = "application/json" },
        ["requestContext"] = new JsonObject { ["authorizer"] = new JsonObject { ["lambda"] = context.DeepClone() } },
        ["isBase64Encoded"] = false,
    }.ToJsonString());
}

static async Task WaitFor(string url, HttpClient http)
{
    for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(60); await Task.Delay(100))
    {
        try
        {
            using var answer = await http.GetAsync(url);
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
                return;
        }
        catch (HttpRequestException)
        {
            // Not listening yet.
        }
    }
    throw new DemoException($"{url} did not answer within a minute.");
}

static int FreePort()
{
    using var listener = new TcpListener(IPAddress.Loopback, 0);
    listener.Start();
    return ((IPEndPoint)listener.LocalEndpoint).Port;
}

static async Task<WebApplication> Serve(Action<WebApplication> map)
{
    var builder = WebApplication.CreateSlimBuilder();
    builder.Logging.ClearProviders();
    builder.WebHost.UseUrls("http://127.0.0.1:0");
    var app = builder.Build();
    map(app);
    await app.StartAsync();
    return app;
}

// --- running commands ---------------------------------------------------------------------------------------------------

async Task Step(string what, Func<Task> work)
{
    Say(what);
    var watch = Stopwatch.StartNew();
    await work();
    Say($"    {watch.Elapsed.TotalSeconds:0.0} s");
}

async Task<string> Run(string command, string[] arguments, string folder)
{
    var (exitCode, output) = await Start(command, arguments, folder);
    return exitCode == 0
        ? output
        : throw new DemoException($"`{command} {string.Join(' ', arguments)}` ended with {exitCode}:\n{output}");
}

async Task<(int ExitCode, string Output)> Start(string command, string[] arguments, string folder)
{
    var start = StartInfo(command, arguments, folder);
    // The stand-ins serve where a registry lacks the real packages; see CONTRIBUTING.md.
    var sources = Environment.GetEnvironmentVariable("RestoreAdditionalProjectSources");
    start.Environment["RestoreAdditionalProjectSources"] = string.Join(';', new[] { sources, Path.Combine(repository, "tests", "stand-ins", "packages") }.Where(source => !string.IsNullOrEmpty(source)));

    using var process = Process.Start(start)!;
    var output = process.StandardOutput.ReadToEndAsync();
    var error = process.StandardError.ReadToEndAsync();
    await process.WaitForExitAsync();
    return (process.ExitCode, await output + await error);
}

static Process StartQuietly(string command, string[] arguments, string folder, Dictionary<string, string> variables)
{
    var start = StartInfo(command, arguments, folder);
    foreach (var (name, value) in variables)
        start.Environment[name] = value;
    // Emulators take any credentials, but some.
    start.Environment["AWS_ACCESS_KEY_ID"] = start.Environment["AWS_SECRET_ACCESS_KEY"] = "local";
    start.Environment["AWS_REGION"] = "ap-southeast-2";
    var process = Process.Start(start)!;
    process.OutputDataReceived += (_, _) => { };
    process.ErrorDataReceived += (_, _) => { };
    process.BeginOutputReadLine();
    process.BeginErrorReadLine();
    return process;
}

static ProcessStartInfo StartInfo(string command, string[] arguments, string folder)
{
    var start = new ProcessStartInfo(command, arguments)
    {
        WorkingDirectory = folder,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
    // What `dotnet` hands to this program belongs to this program's own build.
    foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        start.Environment.Remove(name);
    start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
    return start;
}

static string LastLine(string output, string containing) =>
    output.Split('\n').LastOrDefault(line => line.Contains(containing))?.Trim() ?? "";

static void Say(string line) => Console.WriteLine(line);

partial class Program
{
    static string Npm => OperatingSystem.IsWindows() ? "npm.cmd" : "npm";

    static string ProcessorName => RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
}

/// <summary>A function out of a service's zip, served with events by a Lambda Runtime API on loopback.</summary>
sealed class RunningFunction : IAsyncDisposable
{
    private readonly Channel<byte[]> events = Channel.CreateUnbounded<byte[]>();
    private readonly Channel<(bool Failed, string Body)> answers = Channel.CreateUnbounded<(bool, string)>();
    private WebApplication? api;
    private Process? process;

    public static async Task<RunningFunction> StartAsync(string project, string handler, bool native, Dictionary<string, string> variables)
    {
        var folder = Path.Combine(project, "artifacts", "service");
        if (!Directory.Exists(folder))
            ZipFile.ExtractToDirectory(Path.Combine(project, "artifacts", "service.zip"), folder);

        var function = new RunningFunction();
        await function.ServeAsync();
        var start = new ProcessStartInfo(native ? Path.Combine(folder, "bootstrap") : "dotnet", native ? [] : [Path.Combine(folder, "bootstrap.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        start.Environment["AWS_LAMBDA_RUNTIME_API"] = new Uri(function.api!.Urls.Single()).Authority;
        start.Environment["AWS_LAMBDA_FUNCTION_NAME"] = $"demo-dev-{handler}";
        start.Environment["AWS_LAMBDA_LOG_GROUP_NAME"] = $"/aws/lambda/demo-dev-{handler}";
        start.Environment["AWS_LAMBDA_LOG_FORMAT"] = "JSON";
        start.Environment["AWS_REGION"] = "ap-southeast-2";
        start.Environment["AWS_ACCESS_KEY_ID"] = start.Environment["AWS_SECRET_ACCESS_KEY"] = "local";
        start.Environment["_HANDLER"] = handler;

        function.process = Process.Start(start)!;
        function.process.OutputDataReceived += (_, _) => { };
        function.process.ErrorDataReceived += (_, _) => { };
        function.process.BeginOutputReadLine();
        function.process.BeginErrorReadLine();
        return function;
    }

    /// <summary>Hands the function an event, and waits for its answer.</summary>
    public async Task<(string Body, long Milliseconds)> InvokeAsync(byte[] payload)
    {
        var watch = Stopwatch.StartNew();
        await events.Writer.WriteAsync(payload);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            var (failed, body) = await answers.Reader.ReadAsync(patience.Token);
            return failed ? throw new DemoException($"The function failed: {body}") : (body, watch.ElapsedMilliseconds);
        }
        catch (OperationCanceledException)
        {
            throw new DemoException("The function did not answer within a minute.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        process!.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        await api!.DisposeAsync();
    }

    private async Task ServeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        api = builder.Build();
        api.MapGet("/2018-06-01/runtime/invocation/next", async (HttpContext http) =>
        {
            var payload = await events.Reader.ReadAsync(http.RequestAborted);
            http.Response.Headers["Lambda-Runtime-Aws-Request-Id"] = Guid.NewGuid().ToString();
            http.Response.Headers["Lambda-Runtime-Deadline-Ms"] = DateTimeOffset.UtcNow.AddSeconds(60).ToUnixTimeMilliseconds().ToString();
            http.Response.Headers["Lambda-Runtime-Invoked-Function-Arn"] = "arn:aws:lambda:ap-southeast-2:123456789012:function:demo-dev";
            http.Response.Headers["Lambda-Runtime-Trace-Id"] = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1";
            http.Response.ContentType = "application/json";
            await http.Response.Body.WriteAsync(payload);
        });
        api.MapPost("/2018-06-01/runtime/invocation/{id}/response", (string id, HttpContext http) => Answer(http, failed: false));
        api.MapPost("/2018-06-01/runtime/invocation/{id}/error", (string id, HttpContext http) => Answer(http, failed: true));
        api.MapPost("/2018-06-01/runtime/{phase}/error", (string phase, HttpContext http) => Answer(http, failed: true));
        await api.StartAsync();

        async Task<IResult> Answer(HttpContext http, bool failed)
        {
            answers.Writer.TryWrite((failed, await new StreamReader(http.Request.Body).ReadToEndAsync()));
            return Results.Json(new { status = "OK" }, statusCode: 202);
        }
    }
}

sealed class DemoException(string message) : Exception(message);
