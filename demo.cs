#:sdk Microsoft.NET.Sdk
#:property PublishAot=false
#:property Nullable=enable

// The product as a user meets it: pack, install, scaffold a venture, build, test, package and run it, and call it as a signed-in user.
// Everything happens in a folder of its own, which is removed at the end; your own templates stay as they are. Exit code 0: all of it held.

using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

var repository = Path.GetDirectoryName(AppContext.GetData("EntryPointFilePath") as string) ?? Directory.GetCurrentDirectory();
var workplace = Directory.CreateTempSubdirectory("serverless-templates-demo-").FullName;
var hive = Path.Combine(workplace, "hive");
var venture = Path.Combine(workplace, "Acme");
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

    string[] command = ["new", "sls-venture", "-n", "Acme", "--destination", "splunk", .. (native ? Array.Empty<string>() : ["--runtime", "managed"])];
    await Step($"dotnet {string.Join(' ', command)}", () => Run("dotnet", [.. command, "--debug:custom-hive", hive, "--no-update-check"], workplace));
    await Step("  npm ci", () => Run("npm", ["ci", "--no-audit", "--no-fund"], venture));
    await Step("  npm run package: every service's binary, its zip, its CloudFormation", () => Run("npm", ["run", "package"], venture));
    await Step("  dotnet test", async () =>
    {
        foreach (var line in (await Run("dotnet", ["test", "--nologo"], venture)).Split('\n').Where(line => line.Contains("Passed!", StringComparison.Ordinal)))
            Say($"    {line.Trim()}");
    });
    await Step("  npm run local, and a call of each service as a signed-in user", CallLocally);

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
    if (OperatingSystem.IsWindows())
        throw new DemoException("The demo needs a POSIX shell. On Windows, run it in WSL.");
    if (!Exists("node") || !Exists("npm"))
        throw new DemoException("Node.js with npm is missing. Install version 20.19, 22.13, 24 or newer from https://nodejs.org, or with your system's package manager.");
    if (!OperatingSystem.IsLinux())
    {
        Say("This is not Linux, so the demo builds for the managed runtime. The generated README says how a native binary is built in a container.");
        return false;
    }
    if (!Exists("clang") && !Exists("gcc"))
    {
        Say("clang is missing, so the demo builds for the managed runtime. For native binaries: apt-get install clang zlib1g-dev");
        return false;
    }
    return true;
}

static bool Exists(string command) =>
    (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, command)));

// --- the venture at work ------------------------------------------------------------------------------------------------

// The local run prints a curl command for each service, with one trace id for all of them. After the calls it prints the lines that the
// services logged, as the forwarder shipped them: the lines of both services under that trace id.
async Task CallLocally()
{
    using var local = new Process { StartInfo = StartInfo("node", ["shared/local/start.mjs"], venture) };
    var lines = new List<string>();
    local.OutputDataReceived += (_, line) => Add(line.Data);
    local.ErrorDataReceived += (_, line) => Add(line.Data);
    local.Start();
    local.BeginOutputReadLine();
    local.BeginErrorReadLine();
    try
    {
        await Until("the local run is up", () => Has("Ctrl+C ends everything."));
        var shell = lines.Where(line => Shell().IsMatch(line)).Select(line => line.Trim()).ToList();
        var answers = await Run("sh", ["-ec", $"{string.Join('\n', shell)}\nprintf 'trace %s\\n' \"${{trace#*Root=}}\""], venture);
        foreach (var answer in answers.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Say($"    {answer}");
        var trace = answers.TrimEnd().Split(' ')[^1];

        await Until("the lines of both services are shipped", () => Has($"auth {trace}", ofTrace: true) && Has($"orders {trace}", ofTrace: true));
        Say("    The forwarder has shipped:");
        foreach (var line in lines.ToList().Where(line => line.Contains(trace, StringComparison.Ordinal)))
            Say($"    {line}");
    }
    finally
    {
        await Run("kill", ["-INT", $"{local.Id}"], venture);
        if (!local.WaitForExit(TimeSpan.FromSeconds(30)))
            local.Kill(entireProcessTree: true);
    }

    void Add(string? line)
    {
        lock (lines)
            lines.Add(line ?? "");
    }

    bool Has(string text, bool ofTrace = false)
    {
        lock (lines)
            return lines.Any(line => ofTrace ? text.Split(' ').All(word => line.Contains(word, StringComparison.Ordinal)) : line.Contains(text, StringComparison.Ordinal));
    }

    async Task Until(string what, Func<bool> holds)
    {
        for (var waited = Stopwatch.StartNew(); !holds(); await Task.Delay(100))
            if (local.HasExited || waited.Elapsed > TimeSpan.FromMinutes(5))
                throw new DemoException($"{what} did not happen in time:\n{string.Join('\n', lines)}");
    }
}

// --- programs -----------------------------------------------------------------------------------------------------------

async Task Step(string what, Func<Task> work)
{
    var started = clock.Elapsed;
    Say(what);
    await work();
    Say($"    {(clock.Elapsed - started).TotalSeconds:0.0} s");
}

// A program that fails ends the demo with its output.
async Task<string> Run(string command, string[] arguments, string folder)
{
    using var process = new Process { StartInfo = StartInfo(command, arguments, folder) };
    var output = new StringBuilder();
    process.OutputDataReceived += (_, line) => Add(line.Data);
    process.ErrorDataReceived += (_, line) => Add(line.Data);
    process.Start();
    process.BeginOutputReadLine();
    process.BeginErrorReadLine();
    await process.WaitForExitAsync();
    return process.ExitCode == 0 ? output.ToString() : throw new DemoException($"{command} {string.Join(' ', arguments)} failed with exit code {process.ExitCode}:\n{output}");

    void Add(string? line)
    {
        lock (output)
            output.AppendLine(line);
    }
}

ProcessStartInfo StartInfo(string command, string[] arguments, string folder)
{
    var start = new ProcessStartInfo(command, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
    // What `dotnet` hands to this program belongs to this program's own build.
    foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        start.Environment.Remove(name);
    start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
    // The stand-ins are taken where a registry lacks the real packages; see CONTRIBUTING.md.
    var sources = Environment.GetEnvironmentVariable("RestoreAdditionalProjectSources");
    start.Environment["RestoreAdditionalProjectSources"] = string.Join(';', new[] { sources, Path.Combine(repository, "tests", "stand-ins", "packages") }.Where(source => !string.IsNullOrEmpty(source)));
    return start;
}

static void Say(string line) => Console.WriteLine(line);

partial class Program
{
    [GeneratedRegex("^  (token|trace|curl)[= ]")]
    private static partial Regex Shell();
}

sealed class DemoException(string message) : Exception(message);
