using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;

namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier.Commands;

/// <summary>The real <c>dotnet new</c>, in a folder and a hive of its own.</summary>
internal static class DotnetNew
{
    public static async Task<IInstantiationResult> InstantiateAsync(
        TemplateVerifierOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        var folder = options.OutputDirectory ?? NewTemporaryPath();
        if (options.EnsureEmptyOutputDirectory && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new TemplateVerificationException(
                "The working directory already exists and is not empty.", TemplateVerificationErrorCode.WorkingDirectoryExists);
        }

        Directory.CreateDirectory(folder);
        var hive = options.SettingsDirectory;
        if (!string.IsNullOrEmpty(options.TemplatePath))
        {
            hive ??= Path.Combine(NewTemporaryPath(), "home");
            var install = await RunAsync(
                ["new", "install", options.TemplatePath, "--debug:custom-hive", hive], folder, options, logger, cancellationToken);
            if (install.ExitCode != 0)
            {
                throw new TemplateVerificationException(
                    $"Template installation expected to pass but it had exit code '{install.ExitCode}'.",
                    TemplateVerificationErrorCode.InstantiationFailed);
            }
        }

        var arguments = new List<string> { "new", options.TemplateName };
        arguments.AddRange(options.TemplateSpecificArgs ?? []);
        AddUnlessGiven(arguments, "-n", "--name", options.TemplateName);
        AddUnlessGiven(arguments, "-o", "--output", options.TemplateName);
        if (!string.IsNullOrEmpty(hive))
        {
            arguments.AddRange(["--debug:custom-hive", hive]);
        }

        arguments.Add("--no-update-check");
        var result = await RunAsync(arguments, folder, options, logger, cancellationToken);
        if (!string.IsNullOrEmpty(hive) && string.IsNullOrEmpty(options.SettingsDirectory))
        {
            Directory.Delete(hive, recursive: true);
        }

        return result;
    }

    private static string NewTemporaryPath() => Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    private static void AddUnlessGiven(List<string> arguments, string option, string longOption, string value)
    {
        if (!arguments.Any(argument => argument.Trim().ToLowerInvariant() is var given && (given == option || given == longOption)))
        {
            arguments.AddRange([option, value]);
        }
    }

    private static async Task<IInstantiationResult> RunAsync(
        IEnumerable<string> arguments,
        string folder,
        TemplateVerifierOptions options,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        var dotnet = string.IsNullOrEmpty(options.DotnetExecutablePath) ? "dotnet" : options.DotnetExecutablePath;
        var start = new ProcessStartInfo(dotnet, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in options.Environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        var result = new Result(process.ExitCode, Captured(await output), Captured(await error), folder);
        logger.LogInformation(
            "> {Dotnet} {Arguments}\n{StdOut}\n{StdErr}\nExit Code: {ExitCode}",
            dotnet,
            string.Join(' ', start.ArgumentList),
            result.StdOut,
            result.StdErr,
            result.ExitCode);
        return result;
    }

    // The real runner keeps whole lines, without the line ends after the last.
    private static string Captured(string output) => output.Replace("\r", "").TrimEnd('\n');

    private sealed record Result(int ExitCode, string StdOut, string StdErr, string InstantiatedContentDirectory)
        : IInstantiationResult;
}
