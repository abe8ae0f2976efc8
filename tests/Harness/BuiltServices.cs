namespace Serverless.Templates.Tests;

/// <summary>
/// The services of all combinations of options, built once a run by one MSBuild. Two whose sources are the same are built once: the
/// region changes nothing that the compiler sees.
/// </summary>
public sealed class BuiltServices
{
    private static readonly Lazy<Task<BuiltServices>> All = new(BuildAsync);

    private readonly Dictionary<string, GeneratedService> built = [];
    private Build build = null!;

    /// <summary>The build.</summary>
    public static Task<BuiltServices> Instance => All.Value;

    /// <summary>The service with these sources that was built: the one given, or another that differs in nothing but what is deployed.</summary>
    public static async Task<GeneratedService> OfAsync(Template template, Options options)
    {
        var service = await GeneratedService.ShareAsync(template, options);
        return (await All.Value).built[KeyOf(service)];
    }

    /// <summary>The errors and warnings of a service's build.</summary>
    public IEnumerable<string> Faults(GeneratedService service) => build.Faults(service);

    /// <summary>The service whose shared/ was built for a service.</summary>
    public GeneratedService SharedOf(GeneratedService service) => build.SharedOf(service);

    private static async Task<BuiltServices> BuildAsync()
    {
        var started = DateTime.UtcNow;
        var services = new BuiltServices();
        var combinations = 0;
        foreach (var template in Template.Services)
        {
            foreach (var options in Options.Pairs(template))
            {
                var service = await GeneratedService.ShareAsync(template, options);
                services.built.TryAdd(KeyOf(service), service);
                combinations++;
            }
        }
        services.build = await Build.RunAsync(services.built.Values);
        TestRun.Say($"Builds: {combinations} combinations of options, {services.built.Count} with sources of their own, built in {(DateTime.UtcNow - started).TotalSeconds:0} s.");
        return services;
    }

    private static string KeyOf(GeneratedService service) => service.Template + service.Fingerprint(GeneratedService.IsSource);
}
