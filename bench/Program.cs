// dotnet run -c Release --project bench [-- [coldstart] [throughput] [destinations] [growth] [scaffolding] [startmethods] [--peer|--authorizer|--forwarder <name>=<path>]…]
//
// How fast the generated services start and work, and how fast they are made. README.md beside this file says how to read it.

using Serverless.Templates.Bench;
using Serverless.Templates.Tests;

var chosen = new List<string>();
// Other executables in the same turns, by what they are asked to do.
Dictionary<string, List<Peer>> others = new() { ["--peer"] = [], ["--authorizer"] = [], ["--forwarder"] = [] };
Dictionary<string, Func<Report, Task>> benchmarks = new()
{
    ["coldstart"] = report => ColdStarts.RunAsync(report, others["--peer"], others["--authorizer"], others["--forwarder"]),
    ["throughput"] = report => Throughput.RunAsync(report, others["--forwarder"]),
    ["destinations"] = Throughput.CompareDestinationsAsync,
    ["growth"] = Growth.RunAsync,
    ["scaffolding"] = Scaffolding.RunAsync,
};
// Measures nothing that is reported, but renews a file of the templates.
var measured = benchmarks.Keys.ToList();
benchmarks.Add("startmethods", _ => OperatingSystem.IsLinux() ? StartMethods.WriteAsync() : throw new PlatformNotSupportedException("valgrind tells what a start calls; expected Linux."));
for (var i = 0; i < args.Length; i++)
{
    if (others.TryGetValue(args[i], out var list) && i + 1 < args.Length && Peer.TryParse(args[i + 1], out var peer))
    {
        list.Add(peer);
        i++;
    }
    else if (benchmarks.ContainsKey(args[i]))
    {
        chosen.Add(args[i]);
    }
    else
    {
        Console.Error.WriteLine($"{string.Join(' ', args[i..])} is not understood. Expected: {string.Join(", ", benchmarks.Keys)} (none of them for all that measure), and {string.Join(", ", others.Keys)} <name>=<path of an executable>.");
        return 2;
    }
}

try
{
    var report = new Report();
    foreach (var name in chosen.Count > 0 ? chosen : measured)
        await benchmarks[name](report);
    if (chosen.Count == 0)
        await report.SaveAsync();
    return 0;
}
finally
{
    TemplateHive.Stop();
    await Compiler.StopAsync();
    Directory.Delete(TestRun.Folder(), recursive: true);
}
