using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The scripts that a venture's pipelines run, with programs in place of aws, gh, docker, dotnet and osls that note how they are called.</summary>
public sealed class VenturePipelineTests
{
    [FactThatNeeds("node", "npm", "sh")]
    public async Task Deploys_the_forwarder_then_auth_then_the_rest_and_removes_in_reverse()
    {
        var venture = await Venture.CreateAsync();

        (await venture.RunAsync("compose.mjs", "deploy", "--stage", "prod")).Succeeded();
        var deployed = venture.Calls("serverless deploy");
        (await venture.RunAsync("compose.mjs", "remove", "--stage", "prod")).Succeeded();
        var removed = venture.Calls("serverless remove");

        Assert.All(deployed.Concat(removed), call => Assert.Contains("--stage prod", call, StringComparison.Ordinal));
        Assert.Equal(["log-forwarder", "auth", "orders"], deployed.Select(FolderOf));
        Assert.Equal(["orders", "auth", "log-forwarder"], removed.Select(FolderOf));
    }

    [FactThatNeeds("node", "npm", "sh")]
    public async Task Deploys_a_preview_on_the_forwarder_of_dev_with_data_that_goes_with_it()
    {
        var venture = await Venture.CreateAsync();

        (await venture.RunAsync("compose.mjs", "deploy", "--stage", "pr-7")).Succeeded();

        var deployed = venture.Calls("serverless deploy");
        Assert.Equal(["auth", "orders"], deployed.Select(FolderOf));
        Assert.All(deployed, call => Assert.Contains("--stage pr-7 --param forwarderStage=dev --param data=delete", call, StringComparison.Ordinal));
    }

    [FactThatNeeds("node", "npm", "sh")]
    public async Task Passes_parameters_on_to_every_service()
    {
        var venture = await Venture.CreateAsync();

        (await venture.RunAsync("compose.mjs", "package", "--param", "forwarderArn=arn:aws:lambda:eu-west-1:123456789012:function:f")).Succeeded();

        Assert.All(venture.Calls("serverless package"), call => Assert.Contains("--stage dev --param forwarderArn=arn:aws:lambda:eu-west-1:123456789012:function:f", call, StringComparison.Ordinal));
        Assert.Equal(3, venture.Calls("serverless package").Count);
    }

    [TheoryThatNeeds("node", "npm", "sh")]
    [InlineData("compose.mjs", "destroy", "\"destroy\" is not a command. Use one of: package, deploy, remove, info.")]
    [InlineData("compose.mjs", "deploy --stage Prod", "\"Prod\" is not a stage. Use at most 14 lower-case letters, digits and hyphens, such as dev, prod or pr-7.")]
    [InlineData("compose.mjs", "deploy --param x", "--param x does not set a parameter. Use --param <name>=<value>.")]
    [InlineData("compose.mjs", "deploy --force", "Unknown option '--force'")]
    [InlineData("create-deploy-role.mjs", "", "\"\" is not an environment. Use --environment with one of: dev, prod, preview.")]
    [InlineData("create-deploy-role.mjs", "--environment dev --repository shop", "\"shop\" is not a repository. Use --repository <owner>/<name>.")]
    [InlineData("create-deploy-role.mjs", "--environment dev --budget many --email a@b.example", "\"many\" is not a budget. Use --budget with whole US dollars a month, such as 50.")]
    [InlineData("create-deploy-role.mjs", "--environment dev --budget 50", "A budget needs an address that is told about it")]
    [InlineData("find-run.mjs", "latest", "\"latest\" is not the id of a run. Give the number at the end of the run's URL.")]
    public async Task Refuses_what_it_cannot_do_in_a_sentence(string script, string arguments, string sentence)
    {
        var venture = await Venture.CreateAsync();

        var command = await venture.RunAsync(script, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(1, command.ExitCode);
        Assert.StartsWith(sentence, command.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("    at ", command.Output, StringComparison.Ordinal);
        Assert.Empty(venture.Calls(""));
    }

    [FactThatNeeds("node", "npm", "sh")]
    public async Task Deploys_nothing_when_a_zip_is_missing()
    {
        var venture = await Venture.CreateAsync();
        File.Delete(venture.PathOf("orders/artifacts/service.zip"));

        var command = await venture.RunAsync("compose.mjs", "deploy");

        Assert.Equal(1, command.ExitCode);
        Assert.Equal("orders/artifacts/service.zip is missing. Build it with npm run build or npm run build:container.", command.Output.Trim());
        Assert.Empty(venture.Calls(""));
    }

    [FactThatNeeds("node", "npm", "sh")]
    public async Task Fails_when_a_service_cannot_be_deployed_and_leaves_those_after_it()
    {
        var venture = await Venture.CreateAsync();
        venture.Answer("serverless deploy", "", exitCode: 1);

        var command = await venture.RunAsync("compose.mjs", "deploy");

        Assert.Equal(1, command.ExitCode);
        Assert.Equal(["log-forwarder"], venture.Calls("serverless deploy").Select(FolderOf));
    }

    [FactThatNeeds("node", "npm", "sh")]
    public async Task Removes_every_stack_of_a_preview_with_what_is_in_its_buckets_and_no_other_stack()
    {
        var venture = await Venture.CreateAsync();
        venture.Answer("aws cloudformation list-stacks", """[["acme-auth-pr-7","UPDATE_COMPLETE"],["acme-refunds-pr-7","ROLLBACK_COMPLETE"],["acme-shop-orders-pr-7","CREATE_COMPLETE"],["acme-auth-pr-77","CREATE_COMPLETE"],["acme-auth-dev","CREATE_COMPLETE"],["acme-orders-pr-7","DELETE_COMPLETE"]]""");
        venture.Answer("aws cloudformation describe-stacks --stack-name acme-shop-orders-pr-7", """[{"Key":"appName","Value":"acme-shop"}]""");
        venture.Answer("aws cloudformation describe-stacks", """[{"Key":"appName","Value":"acme"}]""");
        venture.Answer("aws cloudformation list-stack-resources --stack-name acme-auth-pr-7", """["bucket-1"]""");
        venture.Answer("aws cloudformation list-stack-resources", "[]");
        venture.Answer("aws s3api list-object-versions", """{"Versions":[{"Key":"a","VersionId":"1"},{"Key":"a","VersionId":"2"}],"DeleteMarkers":[{"Key":"b","VersionId":"3"}]}""");

        (await venture.RunAsync("compose.mjs", "remove", "--stage", "pr-7")).Succeeded();

        Assert.Equal(["acme-auth-pr-7", "acme-refunds-pr-7"], venture.Calls("aws cloudformation delete-stack").Select(call => call.Split(' ')[4]));
        Assert.Equal(2, venture.Calls("aws cloudformation wait stack-delete-complete").Count);
        var deleted = Assert.Single(venture.Calls("aws s3api delete-objects"));
        Assert.Contains("""--bucket bucket-1 --delete {"Objects":[{"Key":"a","VersionId":"1"},{"Key":"a","VersionId":"2"},{"Key":"b","VersionId":"3"}]""", deleted, StringComparison.Ordinal);
        Assert.Empty(venture.Calls("serverless"));
    }

    [TheoryThatNeeds("node", "npm", "sh")]
    [InlineData("", "dotnet publish log-forwarder/src/Acme.LogForwarder -c Release -r linux-x64|dotnet publish auth/src/Acme.Auth -c Release -r linux-x64|dotnet publish orders/src/Acme.Orders -c Release -r linux-x64")]
    [InlineData("--container", "docker run --rm --platform linux/amd64")]
    public async Task Builds_every_service(string arguments, string calls)
    {
        var venture = await Venture.CreateAsync();

        (await venture.RunAsync("build.mjs", arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries))).Succeeded();

        if (arguments == "")
            Assert.Equal(calls.Split('|'), venture.Calls("dotnet"));
        else
            Assert.StartsWith(calls, Assert.Single(venture.Calls("docker")), StringComparison.Ordinal);
    }

    [FactThatNeeds("node", "npm", "sh")]
    public async Task Tests_the_plumbing_and_every_service_with_the_binary_of_its_zip()
    {
        var venture = await Venture.CreateAsync();

        (await venture.RunAsync("test.mjs")).Succeeded();

        Assert.Equal(["shared/Serverless.Tests", "log-forwarder/tests/Acme.LogForwarder.Tests", "auth/tests/Acme.Auth.Tests", "orders/tests/Acme.Orders.Tests"], venture.Calls("dotnet test").Select(call => Path.GetRelativePath(venture.Root, call.Split(' ')[2]).Replace('\\', '/')));
    }

    [FactThatNeeds("node", "npm", "sh")]
    public async Task Creates_the_deploy_role_for_the_subject_that_GitHub_gives_and_says_which_variable_to_set()
    {
        var venture = await Venture.CreateAsync();
        venture.Answer("gh repo view", "acme/shop");
        venture.Answer("gh api repos/acme/shop/actions/oidc/customization/sub", """{"use_default":true,"use_immutable_subject":true,"sub_claim_prefix":"repo:acme@1/shop@2"}""");
        venture.Answer("aws cloudformation list-stacks", "[]");
        venture.Answer("aws iam list-open-id-connect-providers", """["arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"]""");
        venture.Answer("aws cloudformation describe-stacks", """["arn:aws:iam::123456789012:role/github-acme-prod"]""");

        var command = (await venture.RunAsync("create-deploy-role.mjs", "--environment", "prod", "--budget", "50", "--email", "a@b.example")).Succeeded();

        var deploy = Assert.Single(venture.Calls("aws cloudformation deploy"));
        Assert.EndsWith("--parameter-overrides Stage=prod Subject=repo:acme@1/shop@2 HasGitHubProvider=true MonthlyBudget=50 BudgetEmail=a@b.example", deploy, StringComparison.Ordinal);
        Assert.Contains("--stack-name github-acme-prod", deploy, StringComparison.Ordinal);
        Assert.Contains("gh variable set AWS_DEPLOY_ROLE --repo acme/shop --env prod --body arn:aws:iam::123456789012:role/github-acme-prod", command.Output, StringComparison.Ordinal);
    }

    [TheoryThatNeeds("node", "npm", "sh")]
    [InlineData(".github/workflows/deploy.yml", "push", "main", 0, "commit=abc")]
    [InlineData(".github/workflows/ci.yml", "pull_request", "feature", 1, "Run 7 is of .github/workflows/ci.yml for a pull_request to feature.")]
    [InlineData(".github/workflows/deploy.yml", "workflow_dispatch", "main", 1, "Run 7 is of .github/workflows/deploy.yml for a workflow_dispatch to main.")]
    public async Task Rolls_back_to_a_run_of_main_only(string path, string trigger, string branch, int exitCode, string output)
    {
        var venture = await Venture.CreateAsync();
        venture.Answer("gh api", $$"""{"path":"{{path}}","event":"{{trigger}}","head_branch":"{{branch}}","head_sha":"abc"}""");

        var command = await venture.RunAsync("find-run.mjs", "7");

        Assert.Equal(exitCode, command.ExitCode);
        Assert.StartsWith(output, command.Output, StringComparison.Ordinal);
    }

    [TheoryThatNeeds("node", "npm", "sh")]
    [InlineData(401, 3, "Active", 0, "dev is well.")]
    [InlineData(200, 3, "Active", 1, "answered 200. Expected 401 or 403, for a token that is not valid.")]
    [InlineData(401, 3, "Failed", 1, "The function acme-auth-dev-hello is not ready: its state is Failed")]
    public async Task Tests_a_stage_through_its_functions_routes_and_the_forwarders_metrics(int status, int shipped, string state, int exitCode, string output)
    {
        using var api = new Api(status);
        var venture = await Venture.CreateAsync();
        venture.Answer("aws cloudformation list-stack-resources --stack-name acme-auth-dev", """[["AWS::Lambda::Function","acme-auth-dev-hello"],["AWS::ApiGatewayV2::Api","api1"],["AWS::Logs::LogGroup","/aws/lambda/acme-auth-dev-hello"],["AWS::Logs::SubscriptionFilter","f"]]""");
        venture.Answer("aws cloudformation list-stack-resources", "[]");
        venture.Answer("aws lambda get-function-configuration", $$"""{"State":"{{state}}","LastUpdateStatus":"Successful","StateReason":null}""");
        venture.Answer("aws apigatewayv2 get-api", $$"""{"ApiEndpoint":"{{api.Url}}"}""");
        venture.Answer("aws apigatewayv2 get-routes", """[["GET /teams/{id}","CUSTOM"],["POST /open","NONE"],["$default","NONE"]]""");
        venture.Answer("aws logs describe-subscription-filters", """["arn:aws:lambda:ap-southeast-2:123456789012:function:acme-log-forwarder-dev-forwarder"]""");
        venture.Answer("aws cloudwatch get-metric-statistics", $"[{shipped}]");

        var command = await venture.RunAsync("smoke-test.mjs", "--stage", "dev");

        Assert.Equal(exitCode, command.ExitCode);
        Assert.Contains(output, command.Output, StringComparison.Ordinal);
        if (exitCode == 0)
        {
            Assert.Equal(["GET /teams/smoke-test Bearer not-a-token"], api.Requests);
            Assert.Contains("--log-group-name /aws/lambda/acme-auth-dev-hello", Assert.Single(venture.Calls("aws logs put-log-events")), StringComparison.Ordinal);
            Assert.Contains("Name=FunctionName,Value=acme-log-forwarder-dev-forwarder", Assert.Single(venture.Calls("aws cloudwatch")), StringComparison.Ordinal);
        }
    }

    private static string FolderOf(string call) => call[(call.LastIndexOf(' ') + 1)..];

    /// <summary>A venture of three services, with what the scripts read of them.</summary>
    private sealed class Venture
    {
        private readonly JsonArray answers = [];
        private readonly string fakes;

        private Venture(string root, string fakes)
        {
            Root = root;
            this.fakes = fakes;
        }

        public string Root { get; }

        public static async Task<Venture> CreateAsync()
        {
            var venture = new Venture(TestRun.NewFolder("ventures"), TestRun.NewFolder("fakes"));
            foreach (var (folder, target) in new[] { ("venture/scripts", "scripts"), ("venture/deploy", "deploy"), ("shared/local", "shared/local"), ("shared/scripts", "shared/scripts") })
                foreach (var file in Directory.GetFiles(Repository.PathOf(["templates", .. folder.Split('/')])))
                    venture.Write($"{target}/{Path.GetFileName(file)}", await ReadAsync(file));
            venture.Write("serverless-compose.js", await ReadAsync(Repository.PathOf("templates", "venture", "serverless-compose.js")));
            venture.Write("package.json", """{ "private": true }""");
            venture.WriteService("log-forwarder", "Acme.LogForwarder", "    Properties:\n      Name: /acme/${sls:stage}/log-forwarder/arn\n");
            venture.WriteService("auth", "Acme.Auth", "    Properties:\n      Name: /acme/${sls:stage}/auth/issuer\n", "forwarderArn: '{{resolve:ssm:/acme/${sls:stage}/log-forwarder/arn}}'\n");
            venture.WriteService("orders", "Acme.Orders", "", "forwarderArn: '{{resolve:ssm:/acme/${sls:stage}/log-forwarder/arn}}'\nissuer: /acme/${sls:stage}/auth/issuer\n");
            venture.Write("shared/Serverless.Tests/Serverless.Tests.csproj", "");

            // The real compose; what it calls is not.
            Directory.CreateDirectory(venture.PathOf("node_modules/@osls"));
            Directory.CreateSymbolicLink(venture.PathOf("node_modules/@osls/compose"), Path.Combine(await NodeModules.Folder, "node_modules/@osls/compose"));
            foreach (var program in new[] { "aws", "gh", "docker", "dotnet" })
                venture.WriteProgram(Path.Combine(venture.fakes, program), program);
            venture.WriteProgram(venture.PathOf("node_modules/.bin/serverless"), "serverless");
            venture.Answer("serverless --version", "osls version: 4.3.1\n");
            venture.Answer("serverless info", "Stack Outputs:\n  A: b\n");
            return venture;
        }

        private static async Task<string> ReadAsync(string file) => (await File.ReadAllTextAsync(file))
            .Replace("__appName__", "acme", StringComparison.Ordinal)
            .Replace("__region__", "ap-southeast-2", StringComparison.Ordinal)
            .Replace("__stage__", "dev", StringComparison.Ordinal)
            .Replace("__ridArchitecture__", "x64", StringComparison.Ordinal)
            .Replace("__containerArchitecture__", "amd64", StringComparison.Ordinal);

        public string PathOf(string file) => Path.Combine(Root, file);

        /// <summary>Has a program answer every call that begins so. The first answer that fits counts.</summary>
        public void Answer(string call, string output, int exitCode = 0)
        {
            answers.Add(new JsonObject { ["call"] = call, ["output"] = output, ["exitCode"] = exitCode });
            File.WriteAllText(Path.Combine(fakes, "answers.json"), answers.ToJsonString());
        }

        /// <summary>The calls that begin so, in order.</summary>
        public IReadOnlyList<string> Calls(string start) =>
            File.Exists(Path.Combine(fakes, "calls.log")) ? [.. File.ReadAllLines(Path.Combine(fakes, "calls.log")).Where(call => call.StartsWith(start, StringComparison.Ordinal))] : [];

        public Task<Command> RunAsync(string script, params string[] arguments) =>
            Command.Run(Command.PathOf("node"), [PathOf($"scripts/{script}"), .. arguments], Root, new Dictionary<string, string?>
            {
                ["PATH"] = $"{fakes}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}",
                ["FAKE_ANSWERS"] = Path.Combine(fakes, "answers.json"),
                ["FAKE_ROOT"] = Root,
                ["GITHUB_REPOSITORY"] = null,
            }, TimeSpan.FromMinutes(2));

        private void WriteService(string folder, string name, string published, string read = "")
        {
            Write($"{folder}/serverless.yml", $"service: 'acme-{folder}'\n{read}");
            Write($"{folder}/resources/parameters.yml", published);
            Write($"{folder}/src/{name}/{name}.csproj", "");
            Write($"{folder}/tests/{name}.Tests/{name}.Tests.csproj", "");
            Directory.CreateDirectory(PathOf($"{folder}/artifacts"));
            using var zip = ZipFile.Open(PathOf($"{folder}/artifacts/service.zip"), ZipArchiveMode.Create);
            zip.CreateEntry("bootstrap");
        }

        private void Write(string file, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(PathOf(file))!);
            File.WriteAllText(PathOf(file), text);
        }

        private void WriteProgram(string path, string program)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, $"#!/bin/sh\nexec node '{Repository.PathOf("tests", "node", "fake-program.mjs")}' {program} \"$@\"\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>An API that answers every request with the same status.</summary>
    private sealed class Api : IDisposable
    {
        private readonly HttpListener listener = new();

        public Api(int status)
        {
            Url = $"http://127.0.0.1:{FreePort()}";
            listener.Prefixes.Add($"{Url}/");
            listener.Start();
            _ = AnswerAsync(status);
        }

        public string Url { get; }

        public List<string> Requests { get; } = [];

        public void Dispose() => listener.Close();

        private async Task AnswerAsync(int status)
        {
            while (listener.IsListening)
            {
                try
                {
                    var context = await listener.GetContextAsync();
                    Requests.Add($"{context.Request.HttpMethod} {context.Request.RawUrl} {context.Request.Headers["Authorization"]}");
                    context.Response.StatusCode = status;
                    context.Response.Close();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
            }
        }

        private static int FreePort()
        {
            using var socket = new TcpListener(IPAddress.Loopback, 0);
            socket.Start();
            return ((IPEndPoint)socket.LocalEndpoint).Port;
        }
    }
}
