using System.Collections;
using System.Reflection;
using System.Text;
using System.Text.Json;

/// <summary>
/// Lets one process of <c>dotnet</c> run many commands, a line of standard input each, because most of a <c>dotnet new</c> is the
/// start of its process. <c>DOTNET_STARTUP_HOOKS</c> names this assembly, so the runtime calls it in the SDK's own process, before
/// <c>Main</c>, which it then calls for each command: https://github.com/dotnet/runtime/blob/main/docs/design/features/host-startup-hook.md.
/// </summary>
internal static class StartupHook
{
    /// <summary>The first line of the answers: the commands can come.</summary>
    public const string Ready = "ready";

    /// <summary>Called by the runtime. Returns, so that the process goes on as without it, only when this SDK cannot be used in this way.</summary>
    public static void Initialize()
    {
        // The processes that the SDK starts have nothing to do with it.
        Environment.SetEnvironmentVariable("DOTNET_STARTUP_HOOKS", null);
        var main = Assembly.Load("dotnet").EntryPoint!;
        if (main.ReturnType != typeof(int) || NewCommand.Find(main.DeclaringType!.Assembly) is not { } newCommand)
            return;

        using var commands = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
        using var answers = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true };
        var said = new StringWriter();
        var output = TextWriter.Synchronized(said);
        Console.SetIn(TextReader.Null);
        Console.SetOut(output);
        Console.SetError(output);
        answers.WriteLine(Ready);
        while (commands.ReadLine() is { } line)
        {
            var command = JsonSerializer.Deserialize<EngineCommand>(line)!;
            Directory.SetCurrentDirectory(command.Folder);
            var exitCode = (int)main.Invoke(null, [command.Arguments])!;
            newCommand.Forget();
            answers.WriteLine(JsonSerializer.Serialize(new EngineAnswer(exitCode, said.ToString())));
            said.GetStringBuilder().Clear();
        }
        Environment.Exit(0);
    }

    /// <summary>
    /// The command line's <c>new</c>. A run adds the template's options to it as a subcommand, which the parser, made once a process,
    /// would find in the next run.
    /// </summary>
    private sealed class NewCommand(object command)
    {
        private readonly int count = SubcommandsOf(command)!.Cast<object>().Count();

        public static NewCommand? Find(Assembly sdk)
        {
            var root = sdk.GetType("Microsoft.DotNet.Cli.Parser")?.GetProperty("RootCommand", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)?.GetValue(null);
            var found = SubcommandsOf(root)?.Cast<object>().SingleOrDefault(command => (string?)command.GetType().GetProperty("Name")?.GetValue(command) == "new");
            return found is null ? null : new NewCommand(found);
        }

        public void Forget()
        {
            var property = command.GetType().GetProperty("Subcommands")!;
            while (SubcommandsOf(command)!.Cast<object>().Count() > count)
                property.PropertyType.GetMethod(nameof(IList.RemoveAt))!.Invoke(property.GetValue(command), [count]);
        }

        private static IEnumerable? SubcommandsOf(object? command) => (IEnumerable?)command?.GetType().GetProperty("Subcommands")?.GetValue(command);
    }
}

/// <summary>A command of the SDK.</summary>
/// <param name="Folder">The folder it runs in.</param>
/// <param name="Arguments">What follows <c>dotnet</c>.</param>
internal sealed record EngineCommand(string Folder, string[] Arguments);

/// <summary>What came of it.</summary>
/// <param name="Output">Standard output and standard error, as they came.</param>
internal sealed record EngineAnswer(int ExitCode, string Output);
