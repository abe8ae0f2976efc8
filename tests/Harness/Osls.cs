using System.Diagnostics;
using System.Text.Json;

namespace Serverless.Templates.Tests;

/// <summary>
/// A process that runs <c>osls package</c> for all tests, those of the generated services among them, which is most of what they would
/// spend in Node.js. See tests/node/kept-osls.cjs.
/// </summary>
public static class Osls
{
    private static Process? process;

    /// <summary>Starts it, and has osls call it.</summary>
    /// <param name="modules">The folder <c>node_modules</c> that osls is in.</param>
    public static async Task KeepAsync(string modules)
    {
        // A socket is a file there.
        if (OperatingSystem.IsWindows())
            return;
        var program = Path.Combine(modules, "osls", "bin", "serverless.js");
        var own = OwnProgram(modules);
        var socket = Path.Combine(TestRun.Folder("osls"), "socket");
        File.Move(program, own);
        await File.WriteAllTextAsync(program, $"#!/usr/bin/env node\n{Script("call")}\n");
        File.SetUnixFileMode(program, File.GetUnixFileMode(own));

        process = new Process { StartInfo = Command.StartInfo(Command.PathOf("node"), ["-e", Script("serve")], modules) };
        process.Start();
        // Nothing is written to it, but what osls has written and nobody read would stop it.
        process.BeginErrorReadLine();
        if (await process.StandardOutput.ReadLineAsync() != "ready")
            throw new InvalidOperationException("The process that is kept for osls does not start.");

        string Script(string role) =>
            $"require({JsonSerializer.Serialize(Repository.PathOf("tests", "node", "kept-osls.cjs"))}).{role}({JsonSerializer.Serialize(own)}, {JsonSerializer.Serialize(socket)});";
    }

    /// <summary>The path of osls' own program, which runs in a process of its own.</summary>
    /// <param name="modules">The folder <c>node_modules</c> that osls is in.</param>
    public static string OwnProgram(string modules) =>
        Path.Combine(modules, "osls", "bin", OperatingSystem.IsWindows() ? "serverless.js" : "serverless.own.js");

    /// <summary>Ends it, if it runs.</summary>
    public static void Stop()
    {
        if (process is null)
            return;
        if (process.HasExited)
            TestRun.Say("The process that is kept for osls has not lasted: some packages were made without it, and the tests took longer.");
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
            process.Kill(entireProcessTree: true);
        process.Dispose();
    }
}
