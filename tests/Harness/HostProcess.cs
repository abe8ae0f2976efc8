using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Xunit.Sdk;

namespace Serverless.Templates.Tests;

/// <summary>
/// The host in its image: a process whose root is the image's, which it cannot write to, and whose user is the image's. It listens on a
/// free port of 127.0.0.1.
/// </summary>
public sealed partial class HostProcess : IAsyncDisposable
{
    // Mounts the image read-only over itself, and what every container is given: /proc and /dev.
    private const string Enter = """
        mount --make-rprivate / &&
        mount --bind "$0" "$0" && mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" && mount -o remount,ro,bind "$0" &&
        exec unshare --root="$0" --wd="$1" --setgid="$2" --setuid="$2" -- "${@:3}"
        """;

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly TaskCompletionSource<Uri> address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HostProcess(Process process) => this.process = process;

    /// <summary>Its id. The commands that prepare it have become it.</summary>
    public int Id => process.Id;

    /// <summary>The most memory it has held, in bytes.</summary>
    public long PeakMemory
    {
        get
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
    }

    /// <summary>What it has written so far.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>Starts it.</summary>
    /// <param name="settings">Its environment, beside what the image and the system set.</param>
    public static HostProcess Start(HostImage image, IReadOnlyDictionary<string, string?> settings)
    {
        var start = Command.StartInfo("unshare", ["--mount", "bash", "-c", Enter, image.Root, image.WorkingFolder, image.User.ToString(CultureInfo.InvariantCulture), .. image.EntryPoint], "/");
        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["DOTNET_hostBuilder__reloadConfigOnChange"] = "false";
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        var host = new HostProcess(new Process { StartInfo = start });
        host.process.OutputDataReceived += (_, line) => host.Add(line.Data);
        host.process.ErrorDataReceived += (_, line) => host.Add(line.Data);
        host.process.Start();
        host.process.BeginOutputReadLine();
        host.process.BeginErrorReadLine();
        return host;
    }

    /// <summary>Where it listens, once it does.</summary>
    public async Task<Uri> ListensAsync()
    {
        if (await Task.WhenAny(address.Task, process.WaitForExitAsync()).WaitAsync(TimeSpan.FromMinutes(1)) != address.Task)
            throw new XunitException($"The host has ended with {process.ExitCode}: {Output}");
        return await address.Task;
    }

    /// <summary>Sends SIGTERM, as the kubelet does, and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        (await Command.Run(Command.PathOf("kill"), ["-TERM", Id.ToString(CultureInfo.InvariantCulture)], "/")).Succeeded();
        return await ExitAsync();
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        return process.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (output)
            output.AppendLine(line);
        if (Listening().Match(line) is { Success: true } listening)
            address.TrySetResult(new Uri(listening.Groups[1].Value));
    }

    [GeneratedRegex(@"Now listening on: (http://127\.0\.0\.1:\d+)")]
    private static partial Regex Listening();
}
