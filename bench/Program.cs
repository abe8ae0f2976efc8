// dotnet run -c Release --project bench [-- coldstart throughput scaffolding]
//
// How fast the generated services start and work, and how fast they are made. What is compared runs in turns, A B A B, so that
// a machine that grows slower does so for both: read the ratios, and the figures only beside each other.

using Serverless.Templates.Bench;
using Serverless.Templates.Tests;

Dictionary<string, Func<Task>> benchmarks = new()
{
    ["coldstart"] = ColdStarts.RunAsync,
    ["throughput"] = Throughput.RunAsync,
    ["scaffolding"] = Scaffolding.RunAsync,
};
var unknown = args.Except(benchmarks.Keys).ToList();
if (unknown.Count > 0)
{
    Console.Error.WriteLine($"There is no benchmark \"{unknown[0]}\"; expected are {string.Join(", ", benchmarks.Keys)}, or none for all.");
    return 2;
}

try
{
    foreach (var name in args.Length > 0 ? args : [.. benchmarks.Keys])
        await benchmarks[name]();
    return 0;
}
finally
{
    TemplateHive.Stop();
    Directory.Delete(TestRun.Folder(), recursive: true);
}
