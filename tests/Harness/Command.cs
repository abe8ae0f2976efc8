using System.Collections;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Xunit.Sdk;

namespace Serverless.Templates.Tests;

/// <summary>A program that has run to its end.</summary>
/// <param name="Line">How it was called.</param>
/// <param name="Output">Standard output and standard error, as they came.</param>
public sealed record Command(string Line, int ExitCode, string Output)
{
    /// <summary>Fails the test if the program failed.</summary>
    public Command Succeeded() =>
        ExitCode == 0 ? this : throw new XunitException($"Exit code {ExitCode} of: {Line}{Environment.NewLine}{End(Output)}");

    /// <summary>The last lines, which say what went wrong.</summary>
    public static string End(string output) => output.Length > 6000 ? "…" + output[^6000..] : output;

    /// <summary>Runs the dotnet command.</summary>
    public static Task<Command> Dotnet(string folder, params IEnumerable<string> arguments) =>
        Run(DotnetHost, arguments, folder);

    /// <summary>The dotnet command itself.</summary>
    public static string DotnetHost => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } path ? path : "dotnet";

    /// <summary>Runs a program to its end.</summary>
    /// <param name="variables">Set beside <see cref="Variables"/>; null takes one away.</param>
    /// <param name="limit">After which it is ended and the test fails; default: 10 minutes.</param>
    public static async Task<Command> Run(
        string program,
        IEnumerable<string> arguments,
        string folder,
        IReadOnlyDictionary<string, string?>? variables = null,
        TimeSpan? limit = null)
    {
        var list = arguments.ToList();
        var line = $"{Path.GetFileNameWithoutExtension(program)} {string.Join(' ', list)} (in {folder})";
        var output = new StringBuilder();
        using var process = new Process { StartInfo = StartInfo(program, list, folder, variables) };
        process.OutputDataReceived += (_, data) => Add(data.Data);
        process.ErrorDataReceived += (_, data) => Add(data.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        using var timeout = new CancellationTokenSource(limit ?? TimeSpan.FromMinutes(10));
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new XunitException($"Not finished after {limit ?? TimeSpan.FromMinutes(10)}: {line}{Environment.NewLine}{End(Text())}");
        }
        return new Command(line, process.ExitCode, Text());

        void Add(string? text)
        {
            if (text is null)
                return;
            lock (output)
                output.AppendLine(text);
        }

        string Text()
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>How a program is started: without standard input, its output read here.</summary>
    public static ProcessStartInfo StartInfo(
        string program, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string?>? variables = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment.Clear();
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        foreach (var (name, value) in variables ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        return start;
    }

    /// <summary>
    /// The variables that a user's shell would have: this process's own, less what <c>dotnet test</c> tells its children about
    /// itself, and with the stand-in packages added to the sources of every restore.
    /// </summary>
    public static IReadOnlyDictionary<string, string?> Variables { get; } = CleanVariables();

    private static Dictionary<string, string?> CleanVariables()
    {
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(variable => !IsOfTestHost((string)variable.Key))
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value);
        variables["DOTNET_CLI_UI_LANGUAGE"] = "en";
        variables["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        variables["DOTNET_NOLOGO"] = "1";
        // No process of a build outlives it, but for the compiler, which stays for all builds of the run and no longer.
        variables["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        variables["MSBUILDDISABLENODEREUSE"] = "1";
        // Most of these processes live for seconds, and would spend a third of their time in counting which methods to optimize and in
        // compiling these once more: that is worth while for those that are called some thousand times (hexadecimal), not 30 times.
        variables["DOTNET_TieredPGO"] = "0";
        variables["DOTNET_TC_CallCountThreshold"] = "1000";
        // What builds copy is linked where the file system can: gigabytes less to write and to delete.
        variables["CreateHardLinksForCopyFilesToOutputDirectoryIfPossible"] = "true";
        variables["CreateHardLinksForCopyLocalIfPossible"] = "true";
        variables["CreateHardLinksForAdditionalFilesIfPossible"] = "true";
        variables["UseSharedCompilation"] = "true";
        variables["SharedCompilationId"] = Compiler.Id;
        variables["RestoreAdditionalProjectSources"] = string.Join(
            ';', new[] { variables.GetValueOrDefault("RestoreAdditionalProjectSources"), Repository.StandInPackages }.Where(source => !string.IsNullOrEmpty(source)));
        return variables;
    }

    private static bool IsOfTestHost(string name) =>
        name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("VSTEST", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("DOTNET_CLI_TELEMETRY_SESSIONID", StringComparison.OrdinalIgnoreCase)
        || name is "DOTNET_HOST_PATH" or "COR_ENABLE_PROFILING" or "CORECLR_ENABLE_PROFILING" or "TESTINGPLATFORM_TELEMETRY_OPTOUT";

    /// <summary>The path of a program, or null where the machine has none of that name.</summary>
    public static string? Find(string program)
    {
        string[] endings = OperatingSystem.IsWindows() ? [".exe", ".cmd"] : [""];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => endings.Select(ending => Path.Combine(folder, program + ending)))
            .FirstOrDefault(File.Exists);
    }

    internal static string PathOf(string program) =>
        Find(program) ?? throw new Win32Exception($"{program} is not on the PATH.");
}
