using System.Text.RegularExpressions;

namespace Serverless.Templates.Tests;

/// <summary>A service as it is deployed: published, zipped and packaged.</summary>
/// <param name="Service">The service.</param>
/// <param name="Output">What the publish said.</param>
/// <param name="Framework">What it was published for.</param>
public sealed partial record PublishedService(GeneratedService Service, string Output, string Framework)
{
    private const string Rid = "linux-x64";

    private static readonly Dictionary<(string, string), Task<PublishedService>> Published = [];

    /// <summary>The folder that was published to.</summary>
    public string Folder => Service.PathOf($"src/{Service.ProjectName}/bin/Release/{Framework}/{Rid}/publish");

    /// <summary>The native binary, or the assembly.</summary>
    public string Binary => Path.Combine(Folder, Service.Options[Service.Template, "runtime"] == "aot" ? "bootstrap" : "bootstrap.dll");

    /// <summary>What osls deploys.</summary>
    public string Zip => Service.PathOf("artifacts/service.zip");

    /// <summary>The template's default service, published once a run.</summary>
    /// <param name="runtime">aot or managed.</param>
    public static Task<PublishedService> ShareAsync(Template template, string runtime)
    {
        lock (Published)
        {
            if (!Published.TryGetValue((template.ShortName, runtime), out var published))
                Published.Add((template.ShortName, runtime), published = PublishAsync(template, runtime));
            return published;
        }
    }

    private static async Task<PublishedService> PublishAsync(Template template, string runtime)
    {
        var service = await GeneratedService.CreateAsync(template, GeneratedService.UsualName, new Options(new Dictionary<string, string> { ["runtime"] = runtime }));
        var command = await RunAsync(service);
        if (command.ExitCode == 0 || !MissingPack().IsMatch(command.Output))
            return new PublishedService(service, command.Succeeded().Output, "net10.0");

        // A registry may lack the packs that net10.0 is published with. Those that it lacks say so themselves.
        var missing = MissingPack().Match(command.Output).Value;
        var framework = runtime == "aot" ? "net9.0" : "net10.0";
        string[] properties = runtime == "aot" ? [] : ["-p:PublishReadyToRun=false"];
        TestRun.Say($"{template} --runtime {runtime}: published {(runtime == "aot" ? "for net9.0" : "without ReadyToRun")}, because this machine's package registry has no {missing}.");
        var props = service.PathOf("Directory.Build.props");
        await File.WriteAllTextAsync(props, (await File.ReadAllTextAsync(props)).Replace("net10.0", framework, StringComparison.Ordinal));
        command = await RunAsync(service, properties);
        return new PublishedService(service, command.Succeeded().Output, framework);
    }

    private static Task<Command> RunAsync(GeneratedService service, params string[] properties) =>
        Command.Dotnet(service.Folder, ["publish", Path.GetDirectoryName(service.Project)!, "-c", "Release", "-r", Rid, "-nologo", "-nodeReuse:false", .. properties]);

    [GeneratedRegex(@"(?<=NU110[1-3]: [^\n]*)(runtime\.[\w.-]*ILCompiler|Microsoft\.DotNet\.ILCompiler|Microsoft\.NETCore\.App\.[\w.-]+|Microsoft\.AspNetCore\.App\.[\w.-]+)", RegexOptions.IgnoreCase)]
    private static partial Regex MissingPack();
}
