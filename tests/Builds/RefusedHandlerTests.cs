using Xunit;
using Xunit.Sdk;

namespace Serverless.Templates.Tests;

/// <summary>A function under handlers/ whose name, route or place cannot be: refused by the build and by the packaging, by name.</summary>
[TakesLong(1)]
public sealed class RefusedHandlerTests(RefusedHandlerTests.Host host) : IClassFixture<RefusedHandlerTests.Host>
{
    public static TheoryData<string, string> Taken => new()
    {
        { "-n Me --path /profile", "has the name \"me\"" },
        { "-n Authorizer --path /authorizer", "has the name \"authorizer\"" },
        { "-n Stats --path /hello", "has the route \"GET /hello\"" },
        { "-n Stats --path /Hello", "has the route \"GET /Hello\"" },
        { "-n Stats --path /teams/{team}", "has the route \"GET /teams/{team}\"" },
        { "-n PostConfirmation --path /confirmed", "has the name \"postConfirmation\"" },
        { "-n Stats --path /health/live", "has the route \"GET /health/live\"" },
        { "-n Stats --path /Health/ready", "has the route \"GET /Health/ready\"" },
        { "-n Stats --path /openapi.json", "has the route \"GET /openapi.json\"" },
        { "-n Stats --method DELETE --path /teams/{a}/members/{b}", "has the route \"DELETE /teams/{a}/members/{b}\"" },
    };

    public static TheoryData<string> NoRoutes => ["/a/{id", "https://acme.example/a", "C:/Program Files/Git/a", "/{id}/{id}", "/a/", "/{path+}/a", "/a b", "//a", "/a?b=1", "/{a}{b}", "/a/../b", "/.", "/{id}/{ID}", "/{größe}", "/a%2Fb"];

    [Theory]
    [MemberData(nameof(Taken))]
    public async Task Is_not_built_under_a_name_or_route_of_the_service(string arguments, string fault) =>
        Assert.Contains(fault, await host.BuildAsync(arguments), StringComparison.Ordinal);

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Taken))]
    public async Task Is_not_packaged_under_a_name_or_route_of_the_service(string arguments, string fault) =>
        Assert.Contains(fault, await host.PackageAsync(arguments), StringComparison.Ordinal);

    [Fact]
    public async Task Is_not_built_under_the_name_or_route_of_another()
    {
        Assert.Contains("have the same route, \"GET /stats/{}\"", await host.BuildAsync("-n Stats --path /stats/{a}", "-n Others --path /stats/{b}"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(NoRoutes))]
    public async Task Is_neither_created_in_silence_nor_built_with_a_path_that_is_none(string path)
    {
        var said = await host.BuildAsync($"-n Stats --path\n{path}");

        Assert.Contains("The value of --path is not the path of a route", said, StringComparison.Ordinal);
        Assert.Contains("which is not the path of a route. Expected", said, StringComparison.Ordinal);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(NoRoutes))]
    public async Task Is_not_packaged_with_a_path_that_is_none(string path) =>
        Assert.Contains("which is not the path of a route. Expected", await host.PackageAsync($"-n Stats --path\n{path}"), StringComparison.Ordinal);

    [FactThatNeeds("node", "npm")]
    public async Task Is_packaged_with_a_greedy_parameter_and_at_the_root() =>
        Assert.Superset(new HashSet<string> { "GET /files/{path+}", "GET /" }, await host.RoutesAsync("-n Files --path files/{path+}", "-n Root --path /"));

    [Fact]
    public async Task Is_built_beside_a_function_of_another_method_and_with_a_greedy_parameter()
    {
        Assert.DoesNotContain("error", await host.BuildAsync("-n Stats --method PUT --path /hello", "-n Files --path files/{path+}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_not_built_in_a_folder_that_is_not_the_services()
    {
        Assert.Contains("is not in the handlers/ folder beside serverless.yml", await host.BuildInAsync("src", "-n Stats"), StringComparison.Ordinal);
    }

    /// <summary>An auth service, to which functions are added and from which they are removed again.</summary>
    public sealed class Host : IAsyncLifetime
    {
        private GeneratedService service = null!;

        public async Task InitializeAsync() => service = await GeneratedService.CreateAsync(Template.Named("sls-auth"), GeneratedService.UsualName, Options.Defaults);

        public Task DisposeAsync() => Task.CompletedTask;

        /// <summary>What is said when the functions are created, and by the checks of the build.</summary>
        public Task<string> BuildAsync(params string[] handlers) => BuildInAsync("", handlers);

        public async Task<string> BuildInAsync(string folder, params string[] handlers)
        {
            var said = await AddAsync(folder, handlers);
            try
            {
                return said + (await Command.Dotnet(service.Folder, "msbuild", service.Project, "-t:RefuseMisplacedHandlers;CheckHandlers", "-nologo", "-nodeReuse:false")).Output;
            }
            finally
            {
                Directory.Delete(service.PathOf(Path.Combine(folder, "handlers")), recursive: true);
            }
        }

        public async Task<string> PackageAsync(string handler) =>
            (await Assert.ThrowsAsync<XunitException>(() => CompileAsync(handler))).Message;

        /// <summary>The routes of the stack with the functions.</summary>
        public async Task<HashSet<string>> RoutesAsync(params string[] handlers) =>
            [.. (await CompileAsync(handlers)).OfType("AWS::ApiGatewayV2::Route").Select(route => (string)route.Properties["RouteKey"]!)];

        private async Task<Stack> CompileAsync(params string[] handlers)
        {
            await AddAsync("", handlers);
            try
            {
                Stack.WriteZip(service);
                return await Stack.CompileAsync(service);
            }
            finally
            {
                Directory.Delete(service.PathOf("handlers"), recursive: true);
            }
        }

        private async Task<string> AddAsync(string folder, params string[] handlers)
        {
            var said = "";
            foreach (var handler in handlers)
            {
                // What follows a line feed is one argument, whatever it holds.
                var parts = handler.Split('\n');
                said += (await TemplateHive.NewAsync(service.PathOf(folder), ["sls-handler", .. parts[0].Split(' '), .. parts[1..], "--no-update-check"])).Succeeded().Output;
            }
            return said;
        }
    }
}
