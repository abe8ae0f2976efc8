using System.Globalization;

namespace Serverless.Templates.Tests;

/// <summary>A service as it is deployed: published, zipped and packaged.</summary>
/// <param name="Service">The service.</param>
/// <param name="Output">What the publish said.</param>
public sealed record PublishedService(GeneratedService Service, string Output)
{
    private const string Rid = "linux-x64";

    private static readonly Dictionary<string, Task<PublishedService>> Published = [];

    /// <summary>The folder that was published to.</summary>
    public string Folder => Service.PathOf($"src/{Service.ProjectName}/bin/Release/net10.0/{Rid}/publish");

    /// <summary>The native binary, or the assembly.</summary>
    public string Binary => Path.Combine(Folder, Service.Options[Service.Template, "runtime"] == "aot" ? "bootstrap" : "bootstrap.dll");

    /// <summary>What osls deploys.</summary>
    public string Zip => Service.PathOf("artifacts/service.zip");

    /// <summary>The template's default service, published once a run.</summary>
    /// <param name="runtime">aot or managed.</param>
    public static Task<PublishedService> ShareAsync(Template template, string runtime) =>
        ShareAsync(template, new Options(new Dictionary<string, string> { ["runtime"] = runtime }));

    /// <summary>The service of some options, published once a run.</summary>
    public static Task<PublishedService> ShareAsync(Template template, Options options)
    {
        lock (Published)
        {
            var key = $"{template.ShortName} {options}";
            if (!Published.TryGetValue(key, out var published))
                Published.Add(key, published = PublishAsync(template, options));
            return published;
        }
    }

    /// <summary>The methods in the native binary, by their addresses, with the names that the compiler gives them.</summary>
    public async Task<List<(ulong Address, string Name)>> MethodsAsync()
    {
        var list = (await Command.Run("nm", ["--format=sysv", "--numeric-sort", $"{Binary}.dbg"], Folder)).Succeeded();
        return [.. list.Output.Split('\n')
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(columns => columns is [_, _, _, "FUNC", _, _, "__managedcode"])
            .Select(columns => (ulong.Parse(columns[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture), columns[0]))];
    }

    private static async Task<PublishedService> PublishAsync(Template template, Options options)
    {
        var service = await GeneratedService.CreateAsync(template, GeneratedService.UsualName, options);
        var publish = await Command.Dotnet(service.Folder, "publish", Path.GetDirectoryName(service.Project)!, "-c", "Release", "-r", Rid, "-nologo", "-nodeReuse:false");
        return new PublishedService(service, publish.Succeeded().Output);
    }
}
