using System.Diagnostics;
using System.Reflection;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework("Serverless.Templates.Tests.TestRun", "Serverless.Templates.Tests")]
[assembly: TestCollectionOrderer("Serverless.Templates.Tests.LongestFirst", "Serverless.Templates.Tests")]

namespace Serverless.Templates.Tests;

/// <summary>One run of the tests: has a folder of its own outside the repository, which is deleted at its end.</summary>
public sealed class TestRun : XunitTestFramework
{
    private static readonly Lazy<string> Root = new(() => Directory.CreateTempSubdirectory("serverless-templates-").FullName);
    private static IMessageSink? messages;

    public TestRun(IMessageSink messageSink)
        : base(messageSink) => messages = messageSink;

    /// <summary>A folder, made now, that is deleted when the run ends.</summary>
    /// <param name="parts">Its path below the run's own folder.</param>
    public static string Folder(params string[] parts) => Directory.CreateDirectory(Path.Combine([Root.Value, .. parts])).FullName;

    /// <summary>A new folder under one that several tests use.</summary>
    public static string NewFolder(string parent) => Folder(parent, Guid.NewGuid().ToString("n")[..12]);

    /// <summary>Says something in the run's output, whether tests pass or fail: a figure, or what was done differently here and why.</summary>
    public static void Say(string line) => messages?.OnMessage(new DiagnosticMessage(line));

    /// <inheritdoc/>
    protected override ITestFrameworkExecutor CreateExecutor(AssemblyName assemblyName) =>
        new Executor(assemblyName, SourceInformationProvider, DiagnosticMessageSink);

    private sealed class Executor(AssemblyName assemblyName, ISourceInformationProvider sources, IMessageSink diagnostics)
        : XunitTestFrameworkExecutor(assemblyName, sources, diagnostics)
    {
        // The base method is async void too: the runner waits for the assembly's last message, not for a task.
        protected override async void RunTestCases(
            IEnumerable<IXunitTestCase> testCases, IMessageSink executionMessageSink, ITestFrameworkExecutionOptions executionOptions)
        {
            using var runner = new Runner(TestAssembly, testCases, DiagnosticMessageSink, executionMessageSink, executionOptions);
            await runner.RunAsync();
        }
    }

    private sealed class Runner(
        ITestAssembly assembly,
        IEnumerable<IXunitTestCase> testCases,
        IMessageSink diagnostics,
        IMessageSink execution,
        ITestFrameworkExecutionOptions options)
        : XunitTestAssemblyRunner(assembly, testCases, diagnostics, execution, options)
    {
        protected override async Task BeforeTestAssemblyFinishedAsync()
        {
            await base.BeforeTestAssemblyFinishedAsync();
            TemplateHive.Stop();
            Osls.Stop();
            await Compiler.StopAsync();
            if (Root.IsValueCreated && Environment.GetEnvironmentVariable("KEEP_TEST_OUTPUT") is null or "")
                Delete(Root.Value);
        }

        // Some hundred thousand files take minutes: on Linux and macOS nobody waits for them.
        private static void Delete(string folder)
        {
            if (OperatingSystem.IsWindows())
                Directory.Delete(folder, recursive: true);
            else
                Process.Start(Command.StartInfo("rm", ["-rf", folder], "/"))!.Dispose();
        }
    }
}

/// <summary>Marks a class whose tests take long, so that they start early and the others run beside them.</summary>
/// <param name="minutes">About how long, on two processors.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class TakesLongAttribute(int minutes) : Attribute
{
    /// <summary>About how long.</summary>
    public int Minutes => minutes;
}

/// <summary>Starts the classes that take longest first.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderByDescending(MinutesOf).ThenBy(collection => collection.DisplayName, StringComparer.Ordinal);

    // A class without a collection of its own is called "Test collection for <type>".
    private static int MinutesOf(ITestCollection collection) =>
        typeof(LongestFirst).Assembly.GetTypes()
            .Where(type => collection.DisplayName.EndsWith($" {type.FullName}", StringComparison.Ordinal))
            .Max(type => type.GetCustomAttribute<TakesLongAttribute>()?.Minutes) ?? 0;
}
