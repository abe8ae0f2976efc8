using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.TemplateEngine.Authoring.TemplateVerifier.Commands;
using Microsoft.TemplateEngine.Authoring.TemplateVerifier.Snapshots;

namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier;

/// <summary>Makes a template's output and holds it against its snapshot.</summary>
public class VerificationEngine(ILogger logger)
{
    private const string StandardStreams = "std-streams";

    public VerificationEngine(ILoggerFactory loggerFactory)
        : this(loggerFactory.CreateLogger(typeof(VerificationEngine)))
    {
    }

    /// <summary>Runs <c>dotnet new</c> and compares. The output is deleted after a success, but for a given output folder.</summary>
    /// <param name="optionsAccessor">What to make and to compare.</param>
    /// <param name="cancellationToken">Ends the wait for <c>dotnet new</c>.</param>
    /// <param name="sourceFile">The snapshots lie beside it.</param>
    /// <param name="callerMethod">The first part of the snapshot's name.</param>
    /// <exception cref="TemplateVerificationException">With the code that says why.</exception>
    public async Task Execute(
        IOptions<TemplateVerifierOptions> optionsAccessor,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string sourceFile = "",
        [CallerMemberName] string callerMethod = "")
    {
        ArgumentNullException.ThrowIfNull(optionsAccessor);
        var options = optionsAccessor.Value;
        var result = options.CustomInstatiation is { } instantiate
            ? await instantiate(options)
            : await DotnetNew.InstantiateAsync(options, logger, cancellationToken);
        RequireExpectedExit(options, result);
        if (options.VerifyCommandOutput)
        {
            await WriteCommandOutputAsync(options, result, cancellationToken);
        }

        await VerifyAsync(options, result.InstantiatedContentDirectory, sourceFile, callerMethod);
        if (string.IsNullOrEmpty(options.OutputDirectory) && Directory.Exists(result.InstantiatedContentDirectory))
        {
            Directory.Delete(result.InstantiatedContentDirectory, recursive: true);
        }
    }

    private static void RequireExpectedExit(TemplateVerifierOptions options, IInstantiationResult result)
    {
        if (options.IsCommandExpectedToFail)
        {
            if (result.ExitCode == 0)
            {
                throw new TemplateVerificationException(
                    "Template instantiation expected to fail but it passed.", TemplateVerificationErrorCode.VerificationFailed);
            }

            return;
        }

        if (result.ExitCode != 0)
        {
            throw new TemplateVerificationException(
                $"Template instantiation expected to pass but it had exit code '{result.ExitCode}'.",
                TemplateVerificationErrorCode.InstantiationFailed);
        }

        if (!options.VerifyCommandOutput && !string.IsNullOrEmpty(result.StdErr))
        {
            throw new TemplateVerificationException(
                "Template instantiation expected not to have any stderr output, but stderr output was encountered:"
                + Environment.NewLine + result.StdErr,
                TemplateVerificationErrorCode.InstantiationFailed);
        }
    }

    private static async Task WriteCommandOutputAsync(
        TemplateVerifierOptions options, IInstantiationResult result, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(result.InstantiatedContentDirectory, StandardStreams);
        if (Directory.Exists(folder))
        {
            throw new TemplateVerificationException(
                $"The folder [{StandardStreams}] should not exist in the template output - cannot verify stdout/stderr in such case.",
                TemplateVerificationErrorCode.InternalError);
        }

        Directory.CreateDirectory(folder);
        var extension = options.StandardOutputFileExtension ?? ".txt";
        await File.WriteAllTextAsync(Path.Combine(folder, "stdout" + extension), result.StdOut, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "stderr" + extension), result.StdErr, cancellationToken);
    }

    private static async Task VerifyAsync(
        TemplateVerifierOptions options, string contentFolder, string sourceFile, string callerMethod)
    {
        var filter = new FileFilter(options);
        if (options.CustomDirectoryVerifier is { } verify)
        {
            await verify(contentFolder, new(() => ContentAsync(contentFolder, filter, options.CustomScrubbers)));
            return;
        }

        var difference = await SnapshotFolder.For(options, sourceFile, callerMethod).CompareAsync(contentFolder, filter, options.CustomScrubbers);
        if (difference is not null)
        {
            throw new TemplateVerificationException(difference, TemplateVerificationErrorCode.VerificationFailed);
        }
    }

    private static async IAsyncEnumerable<(string FilePath, string ScrubbedContent)> ContentAsync(
        string contentFolder, FileFilter filter, ScrubbersDefinition? scrubbers)
    {
        foreach (var file in Directory.EnumerateFiles(contentFolder, "*", SearchOption.AllDirectories))
        {
            var relativePath = Path.GetRelativePath(contentFolder, file);
            if (!filter.Includes(relativePath))
            {
                continue;
            }

            var content = new StringBuilder(await File.ReadAllTextAsync(file));
            scrubbers?.ScrubByPath(relativePath, content);
            scrubbers?.ScrubByExtension(Path.GetExtension(file).TrimStart('.'), content);
            scrubbers?.ScrubGeneral(content);
            yield return (relativePath, content.ToString());
        }
    }
}
