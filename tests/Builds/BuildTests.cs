using System.Collections.Concurrent;
using Xunit;

namespace Serverless.Templates.Tests;

[TakesLong(15)]
public sealed class BuildTests
{
    private static readonly ConcurrentDictionary<string, Lazy<Task>> TestRuns = new();
    private static readonly ConcurrentDictionary<string, GeneratedService> SameCode = new();

    // Of the forwarder's tests, those that no platform has a part in: the parameters of the stack, TLS and proxies, the secret, signals. They
    // are run with the first platform only. Classes, and parts of the names of tests in BinaryTests.
    private static readonly string[] ClassesWithoutDestination = ["ParametersTests", "SubscriptionEventTests", "CredentialSourceTests"];
    private static readonly string[] TestsWithoutDestination = ["SIGTERM", "SSL_CERT_FILE", "certificate", "HTTPS_PROXY", "extension", "wrong_setting"];

    public static TheoryData<string, string> Pairs => Combinations.All;

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Builds_without_a_warning(string template, string options)
    {
        var service = await BuiltServices.OfAsync(Template.Named(template), Options.Parse(options));

        Faults.None((await BuiltServices.Instance).Faults(service));
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Passes_its_own_tests(string template, string options)
    {
        var service = FirstWithTheCodeOf(await BuiltServices.OfAsync(Template.Named(template), Options.Parse(options)), shared: false);

        // Packaged first: the service's tests look at what would be deployed.
        await Stack.ShareAsync(service.Template, service.Options);
        await PassesAsync(service, service.TestProject, IsFurtherDestination(service) ? [.. ClassesWithoutDestination.Select(name => $"-class- *.{name}"), .. TestsWithoutDestination.Select(name => $"-method- *{name}*")] : []);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Passes_the_tests_of_the_shared_projects(string template, string options)
    {
        var service = await BuiltServices.OfAsync(Template.Named(template), Options.Parse(options));
        var shared = FirstWithTheCodeOf((await BuiltServices.Instance).SharedOf(service), shared: true);

        await PassesAsync(shared, shared.PathOf("shared/Serverless.Tests/Serverless.Tests.csproj"));
    }

    // The same code passes the same tests, however it is published: what differs in the stack, the tests of Deploys look at.
    private static GeneratedService FirstWithTheCodeOf(GeneratedService service, bool shared) =>
        SameCode.GetOrAdd(
            $"{(shared ? "shared" : service.Template)} {service.Fingerprint(file => file.EndsWith(".cs", StringComparison.Ordinal) && GeneratedService.IsShared(file) == shared)}", service);

    // One destination that is not the default: several at once are code of their own.
    private static bool IsFurtherDestination(GeneratedService service) =>
        service.Options.Values.TryGetValue("destination", out var destination) && destination != Options.Pairs(service.Template)[0].Values["destination"] && !destination.Contains('|');

    // Once for all combinations with the same code.
    private static Task PassesAsync(GeneratedService service, string project, params string[] filters) =>
        TestRuns.GetOrAdd(project, _ => new(() => service.PassTestsAsync(project, filters))).Value;
}
