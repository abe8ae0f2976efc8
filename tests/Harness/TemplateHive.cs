using System.Collections.Concurrent;

namespace Serverless.Templates.Tests;

/// <summary>
/// The template engine with the package installed. A hive serves one command at a time, so there is an engine with a copy of it for
/// each command that runs at once.
/// </summary>
public static class TemplateHive
{
    private static readonly Lazy<Task<string>> First = new(InstallAsync);
    private static readonly ConcurrentBag<TemplateEngine> Free = [];
    private static readonly ConcurrentBag<TemplateEngine> All = [];
    private static int copies;

    /// <summary>Runs <c>dotnet new</c>.</summary>
    /// <param name="folder">The folder it runs in.</param>
    /// <param name="arguments">What follows <c>dotnet new</c>.</param>
    public static Task<Command> NewAsync(string folder, params IEnumerable<string> arguments) =>
        UseAsync(engine => engine.NewAsync(folder, arguments));

    /// <summary>Gives the caller an engine that nobody else uses meanwhile.</summary>
    public static async Task<T> UseAsync<T>(Func<TemplateEngine, Task<T>> use)
    {
        var engine = Free.TryTake(out var free) ? free : await CopyAsync();
        try
        {
            return await use(engine);
        }
        finally
        {
            Free.Add(engine);
        }
    }

    /// <summary>Ends all of them.</summary>
    public static void Stop()
    {
        while (All.TryTake(out var engine))
            engine.Dispose();
    }

    private static async Task<TemplateEngine> CopyAsync()
    {
        var source = await First.Value;
        var copy = TestRun.Folder("hives", $"{Interlocked.Increment(ref copies)}");
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        var engine = new TemplateEngine(copy);
        All.Add(engine);
        return engine;
    }

    private static async Task<string> InstallAsync()
    {
        var hive = TestRun.Folder("hives", "first");
        (await new TemplateEngine(hive).NewInProcessOfItsOwnAsync(hive, ["install", await Pack.Package])).Succeeded();
        return hive;
    }
}
