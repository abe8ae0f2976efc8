using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json.Nodes;
using Serverless.Templates.Tests;

namespace Serverless.Templates.Bench;

/// <summary>
/// Finds the methods that functions call from their start to their first answer, and writes <c>start-methods.txt</c>, by which the compiler
/// lays them side by side. Needs valgrind, which tells what a process executes.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class StartMethods
{
    private const string Header = "# The methods that functions call from their start to their first answer, by their names in the native binary.";

    private static readonly string Target = Repository.PathOf("templates", "shared", "Serverless", "Runtime", "start-methods.txt");

    public static async Task WriteAsync()
    {
        var methods = new Dictionary<string, int>();
        var auth = await PublishedService.ShareAsync(Template.Named("sls-auth"), "aot");
        await AddAsync(methods, auth, new() { ["_HANDLER"] = "hello" }, EventOf(auth, "hello"), IsOk);

        await using var issuer = await Issuer.StartAsync(tls: true);
        await AddAsync(
            methods, auth, new(issuer.Variables) { ["SSL_CERT_FILE"] = issuer.Authorities, ["SSL_CERT_DIR"] = "/none" },
            issuer.Request(Encoding.UTF8.GetString(EventOf(auth, "authorizer"))), answer => answer.Text.Contains("\"isAuthorized\":true", StringComparison.Ordinal));

        await using var table = await TeamTable.StartAsync(members: 2);
        await AddAsync(methods, auth, table.Variables, TeamTable.Request(Encoding.UTF8.GetString(EventOf(auth, "hello"))), IsOk);

        await using var platform = await LogPlatform.StartAsync("splunk");
        var forwarder = await PublishedService.ShareAsync(Template.Named("sls-forwarder"), "aot");
        await AddAsync(methods, forwarder, platform.EnvironmentOf(await Stack.CompileAsync(forwarder.Service), "forwarder"), EventOf(forwarder, "plain"), answer => answer.Succeeded);

        // First what all starts call: one that calls little else then reads little else.
        await File.WriteAllLinesAsync(Target, [Header, .. methods.OrderByDescending(method => method.Value).ThenBy(method => method.Key, StringComparer.Ordinal).Select(method => method.Key)]);
        Console.WriteLine($"{methods.Count} methods in {Target}.");
    }

    private static bool IsOk(Answer answer) => answer.Text.Contains("\"statusCode\":200", StringComparison.Ordinal);

    private static byte[] EventOf(PublishedService published, string name) =>
        File.ReadAllBytes(published.Service.PathOf($"tests/{published.Service.ProjectName}.Tests/events/{name}.json"));

    private static async Task AddAsync(Dictionary<string, int> methods, PublishedService published, Dictionary<string, string?> variables, byte[] payload, Predicate<Answer> isRight)
    {
        var folder = TestRun.NewFolder("start-methods");
        // Without its symbols beside it, which valgrind does not read.
        File.Copy(published.Binary, Path.Combine(folder, "bootstrap"));
        var counts = Path.Combine(folder, "counts");
        var counted = Path.Combine(folder, "counted");
        await File.WriteAllTextAsync(counted, $"#!/bin/sh\nexec valgrind --tool=callgrind --dump-instr=yes --compress-pos=no --callgrind-out-file={counts} ./bootstrap\n");
        File.SetUnixFileMode(counted, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        const string function = "function";
        await using (var api = await RuntimeApi.StartAsync())
        await using (var process = LambdaProcess.Start(counted, api, function, new Dictionary<string, string?>(variables) { ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand" }))
        {
            var answer = await api.InvokeAsync(function, payload, TimeSpan.FromMinutes(5));
            if (!isRight(answer))
                throw new InvalidOperationException($"The event that is measured by was answered with {answer.Text}");
            // What was counted is written when the process ends by a signal that can be caught.
            await Command.Run("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)], folder);
            while (process.IsRunning)
                await Task.Delay(100);
        }

        var inBinary = await published.MethodsAsync();
        var starts = inBinary.Select(method => method.Address).ToList();
        // The owner's own methods have other names in each service.
        var own = published.Service.ProjectName.Replace('.', '_');
        var called = new HashSet<string>();
        foreach (var address in ExecutedAddresses(counts))
        {
            var found = starts.BinarySearch(address);
            var name = found >= 0 || ~found > 0 ? inBinary[found >= 0 ? found : ~found - 1].Name : "";
            if (name.Length > 0 && !name.StartsWith("__", StringComparison.Ordinal) && !name.Contains(own, StringComparison.Ordinal))
                called.Add(name);
        }
        foreach (var name in called)
            methods[name] = methods.GetValueOrDefault(name) + 1;
    }

    // Lines of "0x<address> <line> <count>"; the one after "calls=" repeats what the called function counts.
    private static IEnumerable<ulong> ExecutedAddresses(string counts) =>
        File.ReadLines(counts)
            .Where(line => line.StartsWith("0x", StringComparison.Ordinal))
            .Select(line => ulong.Parse(line.AsSpan(2, line.IndexOf(' ', StringComparison.Ordinal) - 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
