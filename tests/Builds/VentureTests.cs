using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>A venture is the services as each is made on its own, composed into one repository.</summary>
[TakesLong(8)]
public sealed partial class VentureTests
{
    private static readonly Template Venture = Template.Named("sls-venture");

    // The folder of each service in the venture, and the command that makes it.
    private static readonly (string Folder, string Template, string Name)[] Services =
        [("log-forwarder", "sls-forwarder", "LogForwarder"), ("auth", "sls-auth", "Auth"), ("orders", "sls-function", "Orders")];

    private static readonly Lazy<Task<Repositories>> Built = new(BuildAsync);

    public static TheoryData<string> Pairs => [.. Options.Pairs(Venture).Select(options => options.ToString())];

    // Each is odd in a way of its own; that all odd names come out as in the services is what the files of the pairs show.
    public static TheoryData<string> OddNames => [WithPage, "1st.größe"];

    /// <summary>The one that has a page for the browser.</summary>
    private const string WithPage = "a&b c";

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Holds_each_service_byte_for_byte_as_it_is_made_to_join_one(string options)
    {
        var venture = await GeneratedService.CreateAsync(Venture, "Acme", Options.Parse(options));

        foreach (var (folder, template, name) in Services)
        {
            var service = await ServiceAsync(template, $"Acme.{name}", venture.Options, joins: true);
            // The record of the whole venture is at its root.
            var joined = venture.Files.Where(file => file.StartsWith($"{folder}/", StringComparison.Ordinal)).Select(file => file[(folder.Length + 1)..]);

            Assert.Equal(service.Files.Except([".sls-template.json"]), joined);
            Assert.All(service.Files.Where(file => file != ".sls-template.json"), file => Assert.Equal(service.Read(file), venture.Read($"{folder}/{file}")));
        }
    }

    [Fact]
    public void Offers_the_options_of_its_services_as_they_offer_them()
    {
        var ofServices = Services.SelectMany(service => Template.Named(service.Template).Symbols).Where(symbol => (string?)symbol.Value["type"] == "parameter").ToLookup(symbol => symbol.Key, symbol => symbol.Value.ToJsonString());

        Assert.All(Venture.Symbols.Where(symbol => (string?)symbol.Value["type"] == "parameter"), option => Assert.Contains(option.Value.ToJsonString(), ofServices[option.Key]));
    }

    [Fact]
    public void Knows_every_symbol_that_a_file_of_its_services_asks_for()
    {
        var known = Venture.Symbols.Select(symbol => symbol.Key).ToHashSet();
        var asked = Venture.Json["sources"]!.AsArray()
            .SelectMany(source => Directory.GetFiles(Path.Combine(Venture.Folder, (string)source!["source"]!), "*", SearchOption.AllDirectories))
            .Where(file => !file.Split('/', '\\').Intersect(["bin", "obj", "node_modules", "artifacts", ".template.config", ".serverless", "Company.Function.1.slnx"]).Any())
            .SelectMany(file => Condition().Matches(File.ReadAllText(file)).SelectMany(condition => Symbol().Matches(condition.Value).Select(symbol => symbol.Value)))
            .ToHashSet();

        Assert.NotEmpty(asked);
        Assert.Empty(asked.Except(known));
    }

    [Theory]
    [MemberData(nameof(OddNames))]
    public async Task Builds_without_a_warning_under_an_odd_name(string name)
    {
        var (_, named, build) = await Built.Value;
        var venture = named[name];

        Faults.None(OutputChecks.Faults(venture).Concat(build.Faults(venture)));
        Assert.Distinct(ServiceNames(venture));
        Assert.All(ServiceNames(venture), service => Assert.Matches("^[a-z][a-z0-9-]{1,31}$", service));
    }

    [Fact]
    public async Task Repeats_no_file()
    {
        var venture = (await Built.Value).Default;

        // What the frameworks ask for in each place: a file that says that there is nothing to say.
        var repeated = venture.Files.GroupBy(venture.Read).Where(files => files.Count() > 1).Select(files => string.Join(" = ", files));

        Assert.Empty(repeated.Except(["auth/cors.json = orders/cors.json", "auth/src/Acme.Auth.Host/appsettings.json = orders/src/Acme.Orders.Host/appsettings.json"]));
    }

    [FactThatNeeds("node", "npm")]
    public async Task Passes_all_its_tests()
    {
        var venture = (await Built.Value).Default;
        await NodeModules.LinkAsync(venture);

        var run = (await Command.Dotnet(venture.Folder, "test", $"{venture.ProjectName}.slnx", "--no-build", "-nologo")).Succeeded();

        var suites = Suite().Matches(run.Output);
        Assert.Equal(venture.Projects.Count(project => project.EndsWith(".Tests.csproj", StringComparison.Ordinal)), suites.Count);
        Assert.All(suites, suite => Assert.Equal("0", suite.Groups["skipped"].Value));
    }

    [FactThatNeeds("node", "npm", "kill")]
    public async Task Runs_on_one_machine_twice_at_once_and_shows_a_trace_through_its_services()
    {
        var venture = (await Built.Value).Default;
        await NodeModules.LinkAsync(venture);
        const string trace = "1-67891233-abcdef012345678912345678";

        await using var first = await LocalRun.StartAsync(venture.Folder);
        await using var second = await LocalRun.StartAsync(venture.Folder);
        var me = await first.CallAsync("auth", "/me", trace);
        var order = await first.CallAsync("orders", "/orders", trace, """{"product": "Tea", "quantity": 2}""");

        // The trigger's binary has made the row of the user who signed up.
        await first.WaitForAsync(line => LogLine().Match(line) is { Success: true } log && log.Groups["service"].Value == "auth" && log.Groups["message"].Value.EndsWith(" is made", StringComparison.Ordinal));
        Assert.Equal(200, me.Status);
        Assert.Contains("ada@example.com", me.Body, StringComparison.Ordinal);
        Assert.Equal(201, order.Status);
        await first.WaitForAsync(line => LogLine().Match(line) is { Success: true } log && (log.Groups["service"].Value, log.Groups["trace"].Value) == ("auth", trace) && log.Groups["message"].Value.StartsWith("GET /me answered 200 in ", StringComparison.Ordinal));
        await first.WaitForAsync(line => LogLine().Match(line) is { Success: true } log && (log.Groups["service"].Value, log.Groups["trace"].Value) == ("orders", trace) && log.Groups["message"].Value.StartsWith("POST /orders answered 201 in ", StringComparison.Ordinal));
        Assert.DoesNotContain(second.Output, line => line.Contains(trace, StringComparison.Ordinal));
        await IsCalledByClientsOfItsDocumentsAsync(second);

        int[] ports = [.. first.Ports, .. second.Ports];
        Assert.Distinct(ports);
        Assert.Equal((0, 0), (await first.InterruptAsync(), await second.InterruptAsync()));
        foreach (var port in ports)
            Assert.False(await LocalRun.ListensAsync(port), $"Something still listens on {port}.");
        Assert.DoesNotContain(Process.GetProcesses(), process => CommandLineOf(process).Contains(venture.Folder, StringComparison.Ordinal));
    }

    [FactThatNeeds("node", "npm", "browser")]
    public async Task Has_a_page_that_passes_its_tests_in_a_browser_against_the_local_run()
    {
        var venture = (await Built.Value).Named[WithPage];
        await NodeModules.LinkAsync(venture);

        var run = (await Command.Run(Command.PathOf("npm"), ["run", "test:web"], venture.Folder)).Succeeded();

        Assert.Matches(@"(?m)^# pass [1-9]\d*$", run.Output);
        Assert.Matches("(?m)^# skipped 0$", run.Output);
        Assert.DoesNotContain(Process.GetProcesses(), process => CommandLineOf(process).Contains(venture.Folder, StringComparison.Ordinal));
    }

    [FactThatNeeds("node", "npm")]
    public async Task Packages_every_service_as_it_is_packaged_on_its_own()
    {
        var venture = await GeneratedService.CreateAsync(Venture, "Acme", Options.Defaults);
        await NodeModules.LinkAsync(venture);
        foreach (var (folder, _, _) in Services)
            Stack.WriteZip(venture.PathOf(folder));

        (await Command.Run(Command.PathOf("node"), ["scripts/compose.mjs", "package"], venture.Folder, Stack.OfflineVariables)).Succeeded();

        foreach (var (folder, template, name) in Services)
        {
            var service = await ServiceAsync(template, $"Acme.{name}", venture.Options, joins: false);
            Stack.WriteZip(service.Folder);
            var alone = await Stack.CompileAsync(service);
            var joined = JsonNode.Parse(venture.Read($"{folder}/.serverless/cloudformation-template-update-stack.json"))!;

            Assert.Equal(WithoutTimes(alone.Json), WithoutTimes(joined));
        }
    }

    [FactThatNeeds("node", "npm")]
    public async Task Deploys_each_service_after_those_whose_parameters_it_reads()
    {
        var venture = await GeneratedService.CreateAsync(Venture, "Acme", Options.Defaults);
        await AddAsync(venture, "sls-function", "-n", "Acme.Refunds", "-o", "refunds", "--venture", "true");

        var services = await ComposeAsync(venture);

        Assert.Equal(["log-forwarder", "auth", "orders", "refunds"], services.Select(service => service.Key));
        Assert.Equal(
            ["", "log-forwarder", "auth log-forwarder", "auth log-forwarder"],
            services.Select(service => string.Join(' ', service.Value!["dependsOn"]!.AsArray().Select(name => (string)name!).Order(StringComparer.Ordinal))));
    }

    // Each host serves its openapi.json: of that alone, clients are made.
    private static async Task IsCalledByClientsOfItsDocumentsAsync(LocalRun run)
    {
        using var orders = await GeneratedClient.OfAsync(run["orders"], await run.TokenAsync());
        using var auth = await GeneratedClient.OfAsync(run["auth"], await run.TokenAsync());
        var newOrder = orders.New("NewOrder");
        newOrder.Product = "Tea";
        newOrder.Quantity = 2;

        var placed = await orders.Call.PlaceOrderAsync(newOrder);
        var found = await orders.Call.GetOrderAsync(placed.Id);
        Assert.Equal(("Tea", 2), ((string)found.Product, (int)found.Quantity));
        Assert.Equal((DateTimeOffset)placed.PlacedAt, (DateTimeOffset)found.PlacedAt);
        dynamic problem = await Assert.ThrowsAnyAsync<Exception>(async () => await orders.Call.GetOrderAsync("nowhere"));
        Assert.Equal((404, "no_such_order"), ((int)problem.StatusCode, (string)problem.Result.Code));
        var me = await auth.Call.GetMeAsync();
        Assert.Equal("ada@example.com", (string)me.Email);

        var newTeam = auth.New("NewTeam");
        newTeam.Name = "Garage";
        var team = await auth.Call.CreateTeamAsync(newTeam);
        Assert.Equal(("Garage", (string)me.Sub, "Admin"), ((string)team.Name, (string)team.Members[0].Sub, (string)team.Members[0].Role.ToString()));
        await auth.Call.DeleteTeamAsync(team.Id);
    }

    // Linux tells it; where it does not, the ports have told.
    private static string CommandLineOf(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static async Task<IEnumerable<KeyValuePair<string, JsonNode?>>> ComposeAsync(GeneratedService venture)
    {
        var command = await Command.Run(Command.PathOf("node"), ["-e", "require('./serverless-compose.js').then((compose) => console.log(JSON.stringify(compose)))"], venture.Folder);
        return JsonNode.Parse(command.Succeeded().Output)!["services"]!.AsObject();
    }

    private static async Task AddAsync(GeneratedService venture, params string[] arguments) =>
        (await TemplateHive.NewAsync(venture.Folder, [.. arguments, "--no-update-check"])).Succeeded();

    /// <summary>The service with the venture's options, as far as it has them.</summary>
    private static Task<GeneratedService> ServiceAsync(string shortName, string name, Options options, bool joins)
    {
        var template = Template.Named(shortName);
        var values = options.Values.Where(value => template.Options.Any(option => option.Name == value.Key)).ToDictionary();
        if (shortName == "sls-function" && options.Values.TryGetValue("authorizer", out var authorizer))
            values["auth"] = authorizer;
        values["venture"] = joins ? "true" : "false";
        return GeneratedService.CreateAsync(template, name, new Options(values));
    }

    // One restore and one build for the default and the odd names together.
    private static async Task<Repositories> BuildAsync()
    {
        var venture = await GeneratedService.CreateAsync(Venture, "Acme", Options.Defaults);
        var named = new Dictionary<string, GeneratedService>();
        foreach (var name in OddNames)
            named[(string)name] = await GeneratedService.CreateAsync(Venture, (string)name, name == WithPage ? Options.Parse("--web true") : Options.Defaults);
        return new Repositories(venture, named, await Build.RunAsync([venture, .. named.Values]));
    }

    private static IEnumerable<string> ServiceNames(GeneratedService venture) =>
        Services.Select(service => ServiceName().Match(venture.Read($"{service.Folder}/serverless.yml")).Groups[1].Value);

    private static string WithoutTimes(JsonNode template) => Time().Replace(template.ToJsonString(), "<time>");

    private sealed record Repositories(GeneratedService Default, IReadOnlyDictionary<string, GeneratedService> Named, Build Build);

    [GeneratedRegex(@"(?m)^[ \t]*(?://|<!--)?#(?:if|elseif|elif) \((.*)\)")]
    private static partial Regex Condition();

    [GeneratedRegex(@"(?<![\w""'])[A-Za-z_]\w*(?![\w""'])(?<!if|elif|elseif)")]
    private static partial Regex Symbol();

    // 12:00:01.123 orders         info  1-67891233-abcdef012345678912345678 POST /orders answered 201 in 12 ms
    [GeneratedRegex(@"^\d\d:\d\d:\d\d\.\d{3} (?<service>\S+)\s+(?<level>\w+)\s+(?<trace>1-[0-9a-f]{8}-[0-9a-f]{24}) (?<message>.+)$")]
    private static partial Regex LogLine();

    [GeneratedRegex("(?m)^service: '(.*)'$")]
    private static partial Regex ServiceName();

    [GeneratedRegex(@"Passed!.*Failed:\s+0, Passed:\s+[1-9]\d*, Skipped:\s+(?<skipped>\d+)")]
    private static partial Regex Suite();

    // osls names what it uploads by the time: serverless/acme-auth/dev/1795348800000-2026-11-25T00:00:00.000Z/service.zip
    [GeneratedRegex(@"\d{13}-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")]
    private static partial Regex Time();
}
