#:sdk Microsoft.NET.Sdk.Web
#:property PublishAot=false
#:property Nullable=enable

// The product as a user meets it: pack, install, scaffold, build, test, package, run. Everything happens in a folder of its own,
// which is removed at the end; the user's own templates stay as they are. Exit code 0: all of it held.

using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Channels;

const int MostShown = 20;
const string SplunkToken = "11111111-2222-3333-4444-555555555555";

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

    var forwarder = Path.Combine(workplace, "Acme.LogForwarder");
    await Step($"dotnet new sls-forwarder -n Acme.LogForwarder --destination splunk{(native ? "" : " --runtime managed")}", () =>
        Run("dotnet", ["new", "sls-forwarder", "-n", "Acme.LogForwarder", "--destination", "splunk", "--runtime", native ? "aot" : "managed", "--debug:custom-hive", hive, "--no-update-check"], workplace));
    if (native)
        await UseARuntimePackThatCanBeHad(forwarder);
    await Step("npm install (the deployment tool)", () => Run(Npm, ["install", "--no-audit", "--no-fund"], forwarder));
    await Step("npm run package (publish, zip, CloudFormation)", () => Run(Npm, ["run", "package"], forwarder));
    await Step("dotnet test", async () => Say("  " + LastLine(await Run("dotnet", ["test", "--nologo"], forwarder), "assed")));
    await Step("Starting it over a Lambda Runtime API, and sending it an event", () => ShipAnEvent(forwarder, native));

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
    if (!Exists("node") || !Exists(Npm))
        throw new DemoException("Node.js with npm is missing: install version 20 or newer from https://nodejs.org, or by your system's package manager.");
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

// Some package mirrors lack the native runtime pack of .NET 10. The demo then links against that of .NET 9, and says so.
async Task UseARuntimePackThatCanBeHad(string project)
{
    var probe = await Start("dotnet", ["restore", "src/Acme.LogForwarder", "-r", $"linux-{RuntimeArchitecture}"], project);
    if (probe.ExitCode == 0)
        return;
    if (!probe.Output.Contains("NU1101") && !probe.Output.Contains("NU1102"))
        throw new DemoException($"The restore failed:\n{probe.Output}");
    Say("  The native runtime pack of .NET 10 cannot be had here: linking for net9.0 instead.");
    var props = Path.Combine(project, "Directory.Build.props");
    File.WriteAllText(props, File.ReadAllText(props).Replace("net10.0", "net9.0"));
}

// --- the service at work ------------------------------------------------------------------------------------------------

async Task ShipAnEvent(string project, bool native)
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

    var events = Channel.CreateUnbounded<byte[]>();
    var answers = Channel.CreateUnbounded<(bool Failed, string Body)>();
    await using var lambda = await Serve(app =>
    {
        app.MapGet("/2018-06-01/runtime/invocation/next", async (HttpContext http) =>
        {
            var payload = await events.Reader.ReadAsync(http.RequestAborted);
            http.Response.Headers["Lambda-Runtime-Aws-Request-Id"] = Guid.NewGuid().ToString();
            http.Response.Headers["Lambda-Runtime-Deadline-Ms"] = DateTimeOffset.UtcNow.AddSeconds(60).ToUnixTimeMilliseconds().ToString();
            http.Response.Headers["Lambda-Runtime-Invoked-Function-Arn"] = "arn:aws:lambda:ap-southeast-2:123456789012:function:acme-logforwarder-dev-forwarder";
            http.Response.Headers["Lambda-Runtime-Trace-Id"] = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1";
            http.Response.ContentType = "application/json";
            await http.Response.Body.WriteAsync(payload);
        });
        app.MapPost("/2018-06-01/runtime/invocation/{id}/response", (string id, HttpContext http) => Answer(http, failed: false));
        app.MapPost("/2018-06-01/runtime/invocation/{id}/error", (string id, HttpContext http) => Answer(http, failed: true));
        app.MapPost("/2018-06-01/runtime/{phase}/error", (string phase, HttpContext http) => Answer(http, failed: true));

        async Task<IResult> Answer(HttpContext http, bool failed)
        {
            answers.Writer.TryWrite((failed, await new StreamReader(http.Request.Body).ReadToEndAsync()));
            return Results.Json(new { status = "OK" }, statusCode: 202);
        }
    });

    var zip = Path.Combine(project, "artifacts", "service.zip");
    var function = Path.Combine(workplace, "function");
    ZipFile.ExtractToDirectory(zip, function);
    var start = new ProcessStartInfo(native ? Path.Combine(function, "bootstrap") : "dotnet", native ? [] : [Path.Combine(function, "bootstrap.dll")])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
    start.Environment["AWS_LAMBDA_RUNTIME_API"] = new Uri(lambda.Urls.Single()).Authority;
    start.Environment["AWS_LAMBDA_FUNCTION_NAME"] = "acme-logforwarder-dev-forwarder";
    start.Environment["AWS_LAMBDA_LOG_GROUP_NAME"] = "/aws/lambda/acme-logforwarder-dev-forwarder";
    start.Environment["AWS_LAMBDA_LOG_FORMAT"] = "JSON";
    start.Environment["AWS_REGION"] = "ap-southeast-2";
    start.Environment["_HANDLER"] = "forwarder";
    start.Environment["DESTINATION_CREDENTIALS"] = JsonSerializer.Serialize(new { url = splunk.Urls.Single(), token = SplunkToken });

    var samples = Path.Combine(project, "tests", "Acme.LogForwarder.Tests", "events");
    var started = Stopwatch.StartNew();
    using var process = Process.Start(start)!;
    var log = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
    try
    {
        foreach (var sample in (string[])["json-lines.json", "plain.json"])
        {
            await events.Writer.WriteAsync(await File.ReadAllBytesAsync(Path.Combine(samples, sample)));
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            var answer = await answers.Reader.ReadAsync(patience.Token);
            Say($"  {sample}: answered after {started.ElapsedMilliseconds} ms");
            started.Restart();
            if (answer.Failed)
                throw new DemoException($"The function failed: {answer.Body}");
        }
    }
    finally
    {
        process.Kill(entireProcessTree: true);
        await log;
    }

    var shipped = 0;
    while (received.Reader.TryRead(out var entry))
    {
        if (++shipped > MostShown)
            continue;
        var fields = entry.GetProperty("fields");
        var time = DateTimeOffset.FromUnixTimeMilliseconds((long)(entry.GetProperty("time").GetDouble() * 1000));
        var line = entry.GetProperty("event");
        Say($"  {time:HH:mm:ss.fff}  {Field(fields, "function"),-10} {Field(fields, "level"),-12} {Field(fields, "trace_id"),-35}  {Shorten(line)}");
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
    Say($"  {watch.Elapsed.TotalSeconds:0.0} s");
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
    // The stand-ins serve where a registry lacks the real packages; see CONTRIBUTING.md.
    var sources = Environment.GetEnvironmentVariable("RestoreAdditionalProjectSources");
    start.Environment["RestoreAdditionalProjectSources"] = string.Join(';', new[] { sources, Path.Combine(repository, "tests", "stand-ins", "packages") }.Where(source => !string.IsNullOrEmpty(source)));

    using var process = Process.Start(start)!;
    var output = process.StandardOutput.ReadToEndAsync();
    var error = process.StandardError.ReadToEndAsync();
    await process.WaitForExitAsync();
    return (process.ExitCode, await output + await error);
}

static string LastLine(string output, string containing) =>
    output.Split('\n').LastOrDefault(line => line.Contains(containing))?.Trim() ?? "";

static void Say(string line) => Console.WriteLine(line);

partial class Program
{
    static string Npm => OperatingSystem.IsWindows() ? "npm.cmd" : "npm";

    static string RuntimeArchitecture => RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
}

sealed class DemoException(string message) : Exception(message);
