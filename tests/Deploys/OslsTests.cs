using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The process that the tests keep for osls does what a process of its own does, whatever it did before.</summary>
public sealed partial class OslsTests
{
    private static readonly string[] TooLong = ["--stage", new string('s', 50)];

    [FactThatNeeds("node", "npm")]
    public async Task Packages_in_a_kept_process_as_in_one_of_its_own()
    {
        var auth = await CreateAsync("sls-auth");
        var forwarder = await CreateAsync("sls-forwarder");
        var function = await CreateAsync("sls-function");
        (await TemplateHive.NewAsync(function.Folder, ["sls-handler", "-n", "Refunds", "--no-update-check"])).Succeeded();

        // What one run says, refuses or reads must not be in the next.
        (GeneratedService Service, string[] Arguments)[] runs =
            [(auth, []), (function, []), (function, TooLong), (forwarder, []), (forwarder, ["--param", "allLogGroups=yes"]), (function, ["--region", "eu-west-1"]), (auth, ["--stage", "pr-7", "--param", "data=delete"]), (auth, ["--stag", "dev"]), (auth, [])];
        foreach (var (service, arguments) in runs)
        {
            var kept = await Stack.RunOslsAsync(service, ["package", .. arguments]);
            var deployed = kept.ExitCode == 0 ? Read(service) : null;
            var own = await Stack.RunOslsAsync(service, ["package", .. arguments], isKept: false);

            Assert.Equal((own.ExitCode, Said(own)), (kept.ExitCode, Said(kept)));
            Assert.Equal(own.ExitCode == 0 ? Read(service) : null, deployed);
        }
    }

    [FactThatNeeds("node", "npm")]
    public async Task Packages_for_several_who_ask_at_once()
    {
        var services = await Task.WhenAll(Template.Services.Select(template => CreateAsync(template.ShortName)));

        var runs = await Task.WhenAll(services.Select(service => Stack.RunOslsAsync(service, ["package"])));

        Assert.All(runs, run => run.Succeeded());
        Assert.All(services, service => Assert.NotEmpty(Read(service)));
    }

    [FactThatNeeds("node", "npm")]
    public async Task Packages_in_a_process_of_its_own_where_none_is_kept()
    {
        var service = await CreateAsync("sls-forwarder");
        var script = $"process.argv.splice(1, 0, 'osls'); require('{Repository.PathOf("tests", "node", "kept-osls.cjs")}').call('{Osls.OwnProgram(service.PathOf("node_modules"))}', '{service.PathOf("nobody-listens")}')";
        await NodeModules.LinkAsync(service);

        (await Command.Run(Command.PathOf("node"), ["-e", script, "package"], service.Folder, Stack.OfflineVariables)).Succeeded();

        Assert.NotEmpty(Read(service));
    }

    private static async Task<GeneratedService> CreateAsync(string template)
    {
        var service = await GeneratedService.CreateAsync(Template.Named(template), GeneratedService.UsualName, Options.Defaults);
        Stack.WriteZip(service);
        return service;
    }

    // Two lines that are written to different streams come in either order, and a second is another one.
    private static string Said(Command command) =>
        string.Join('\n', Seconds().Replace(command.Output, "<seconds>").Split('\n').Order(StringComparer.Ordinal));

    private static string Read(GeneratedService service) =>
        Time().Replace(service.Read(".serverless/cloudformation-template-update-stack.json"), "<time>");

    [GeneratedRegex(@"\(\d+s\)")]
    private static partial Regex Seconds();

    [GeneratedRegex(@"\d{13}-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")]
    private static partial Regex Time();
}
