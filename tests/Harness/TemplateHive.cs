using System.Collections.Concurrent;

namespace Serverless.Templates.Tests;

/// <summary>
/// A settings folder of <c>dotnet new</c> with the package installed. A hive serves one command at a time, so there is a copy for
/// each command that runs at once.
/// </summary>
public static class TemplateHive
{
    private static readonly Lazy<Task<string>> First = new(InstallAsync);
    private static readonly ConcurrentBag<string> Free = [];
    private static int copies;

    // The commands are over before what the compiler would learn of them is of use.
    private static readonly Dictionary<string, string?> ShortRun = new() { ["DOTNET_TieredPGO"] = "0" };

    /// <summary>Runs <c>dotnet new</c>.</summary>
    /// <param name="folder">The folder it runs in.</param>
    /// <param name="arguments">What follows <c>dotnet new</c>.</param>
    public static async Task<Command> NewAsync(string folder, params IEnumerable<string> arguments)
    {
        var hive = await RentAsync();
        try
        {
            return await RunAsync(hive, folder, arguments);
        }
        finally
        {
            Return(hive);
        }
    }

    /// <summary>Takes a hive that nobody else uses until it is given to <see cref="Return"/>.</summary>
    public static async Task<string> RentAsync()
    {
        if (Free.TryTake(out var hive))
            return hive;
        var source = await First.Value;
        var copy = TestRun.Folder("hives", $"{Interlocked.Increment(ref copies)}");
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return copy;
    }

    /// <summary>Gives a hive back.</summary>
    public static void Return(string hive) => Free.Add(hive);

    private static async Task<string> InstallAsync()
    {
        var hive = TestRun.Folder("hives", "first");
        (await RunAsync(hive, hive, ["install", await Pack.Package])).Succeeded();
        return hive;
    }

    private static Task<Command> RunAsync(string hive, string folder, IEnumerable<string> arguments) =>
        Command.Run(Command.DotnetHost, ["new", .. arguments, "--debug:custom-hive", hive], folder, ShortRun);
}
