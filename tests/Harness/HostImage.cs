using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit.Sdk;

namespace Serverless.Templates.Tests;

/// <summary>
/// The image of a service's host, without a container engine: what <c>shared/kubernetes/Dockerfile</c> publishes, and beside it the libraries that
/// its base image holds, from this machine.
/// </summary>
public sealed partial class HostImage
{
    // What the Dockerfile takes of mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled: libc6, libgcc-s1, libssl3t64, the certificates.
    private static readonly string[] Libraries =
    [
        "ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libresolv.so.2", "libnss_dns.so.2", "libnss_files.so.2",
        "libgcc_s.so.1", "libssl.so.3", "libcrypto.so.3",
    ];

    private static readonly Lazy<Task<HostImage>> Shared = new(BuildAsync);

    private HostImage(GeneratedService service, string root, string publishOutput, IReadOnlyList<string> entryPoint, string workingFolder, uint user)
    {
        Service = service;
        Root = root;
        PublishOutput = publishOutput;
        EntryPoint = entryPoint;
        WorkingFolder = workingFolder;
        User = user;
    }

    /// <summary>The service.</summary>
    public GeneratedService Service { get; }

    /// <summary>The folder that is the image's root.</summary>
    public string Root { get; }

    /// <summary>What the publish said.</summary>
    public string PublishOutput { get; }

    /// <summary>The program of the image, as the Dockerfile names it.</summary>
    public IReadOnlyList<string> EntryPoint { get; }

    /// <summary>The folder that it is started in.</summary>
    public string WorkingFolder { get; }

    /// <summary>The id of its user.</summary>
    public uint User { get; }

    /// <summary>The image of <c>sls-function --kubernetes true --grpc true</c>, built once a run.</summary>
    public static Task<HostImage> ShareAsync() => Shared.Value;

    /// <summary>What the files hold, in bytes.</summary>
    public long Size => Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);

    private static async Task<HostImage> BuildAsync()
    {
        // For the tests to write in, so not the one that others read.
        var service = await GeneratedService.CreateAsync(Template.Named("sls-function"), GeneratedService.UsualName, Options.Parse("--kubernetes true --grpc true"));
        var dockerfile = service.Read("shared/kubernetes/Dockerfile");
        var root = TestRun.NewFolder("images");

        var publish = Run().Match(dockerfile).Groups[1].Value.Replace("/app", Path.Combine(root, "app"), StringComparison.Ordinal);
        var output = (await Command.Run(Command.PathOf("sh"), ["-c", publish], service.Folder)).Succeeded().Output;
        // .dockerignore leaves it out.
        File.Delete(Path.Combine(root, "app", "appsettings.Development.json"));

        foreach (var library in Libraries)
            Copy(Find(library), Path.Combine(root, library.StartsWith("ld-", StringComparison.Ordinal) ? "lib64" : "lib/x86_64-linux-gnu", library));
        Copy("/etc/ssl/certs/ca-certificates.crt", Path.Combine(root, "etc/ssl/certs/ca-certificates.crt"));
        var user = uint.Parse(UserLine().Match(dockerfile).Groups[1].Value, null);
        await File.WriteAllTextAsync(Path.Combine(root, "etc/passwd"), $"root:x:0:0:root:/root:/bin/bash\napp:x:{user}:{user}::/home/app:/bin/false\n");
        foreach (var folder in new[] { "proc", "dev", "tmp", "home/app" })
            Directory.CreateDirectory(Path.Combine(root, folder));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path.Combine(root, "tmp"), (UnixFileMode)0b1_111_111_111);
        return new HostImage(service, root, output, [.. Words(EntryPointLine().Match(dockerfile))], WorkDir().Matches(dockerfile)[^1].Groups[1].Value, user);
    }

    private static string Find(string library) =>
        new[] { "/lib64", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/usr/lib64" }.Select(folder => Path.Combine(folder, library)).FirstOrDefault(File.Exists)
        ?? throw new XunitException($"{library} is not on this machine.");

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to);
    }

    private static string[] Words(Match line) => line.Success ? JsonSerializer.Deserialize<string[]>(line.Groups[1].Value)! : throw new XunitException("The Dockerfile has no such line.");

    [GeneratedRegex(@"^RUN (.*)$", RegexOptions.Multiline)]
    private static partial Regex Run();

    [GeneratedRegex(@"^ENTRYPOINT (\[.*\])$", RegexOptions.Multiline)]
    private static partial Regex EntryPointLine();

    [GeneratedRegex(@"^WORKDIR (\S+)$", RegexOptions.Multiline)]
    private static partial Regex WorkDir();

    [GeneratedRegex(@"^USER (\d+)$", RegexOptions.Multiline)]
    private static partial Regex UserLine();
}
