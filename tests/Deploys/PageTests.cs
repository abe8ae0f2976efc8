using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The page of <c>--web true</c>, built and hosted for a deployed stage, with a program in place of the AWS CLI. VentureTests drives it in a browser.</summary>
public sealed partial class PageTests
{
    private const string Outputs = """
        [
          {"OutputKey": "UserPoolId", "OutputValue": "ap-southeast-2_ExamplePl"},
          {"OutputKey": "UserPoolClientId", "OutputValue": "1example23456789"},
          {"OutputKey": "HttpApiUrl", "OutputValue": "https://abc123.execute-api.ap-southeast-2.amazonaws.com"}
        ]
        """;

    private const string HostingOutputs = """
        [
          {"OutputKey": "Address", "OutputValue": "https://d111.cloudfront.net"},
          {"OutputKey": "Bucket", "OutputValue": "acme-web-prod-page"}
        ]
        """;

    private static readonly Lazy<Task<GeneratedService>> Made = new(MakeAsync);

    [FactThatNeeds("node", "npm", "sh")]
    public async Task Is_built_and_hosted_for_a_deployed_stage()
    {
        var service = await Made.Value;
        var aws = new FakeCli(
            ("aws cloudformation describe-stacks --stack-name acme-auth-prod", Outputs, 0),
            ("aws cloudformation describe-stacks --stack-name acme-web-prod", HostingOutputs, 0));

        var unknown = await Command.Run(Command.PathOf("npm"), ["run", "build", "--workspace", "web"], service.Folder);
        var deployed = (await aws.RunAsync(service, "deploy.mjs", "--stage", "prod")).Succeeded();

        // The sources are those of this service alone: what the options leave out must not be missed.
        Assert.Contains("web/config.json is missing, so the page does not know its user pool. Write it with npm run config -- --stage <stage>.", unknown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("error TS", unknown.Output, StringComparison.Ordinal);
        var configuration = JsonNode.Parse(await File.ReadAllTextAsync(service.PathOf("web/config.json")))!;
        Assert.Equal("""{"region":"ap-southeast-2","userPoolId":"ap-southeast-2_ExamplePl","userPoolClientId":"1example23456789","apis":{"auth":"https://abc123.execute-api.ap-southeast-2.amazonaws.com"}}""", configuration.ToJsonString());
        const string policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' https://cognito-idp.ap-southeast-2.amazonaws.com https://abc123.execute-api.ap-southeast-2.amazonaws.com; base-uri 'none'; form-action 'none'";
        var page = await File.ReadAllTextAsync(service.PathOf("web/dist/index.html"));
        Assert.Contains(policy, page.Replace("&#39;", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotMatch(InlineCode(), page);
        var calls = aws.Calls;
        Assert.Contains($"cloudformation deploy --region ap-southeast-2 --stack-name acme-web-prod --template-file {service.PathOf("web/hosting.yml")} --no-fail-on-empty-changeset --tags appName=acme stage=prod --parameter-overrides ContentSecurityPolicy={policy}; frame-ancestors 'none'", calls[1], StringComparison.Ordinal);
        Assert.Equal(
            [$"s3 sync {service.PathOf("web/dist/assets")} s3://acme-web-prod-page/assets --region ap-southeast-2 --cache-control public, max-age=31536000, immutable", $"s3 sync {service.PathOf("web/dist")} s3://acme-web-prod-page --region ap-southeast-2 --exclude assets/* --cache-control no-cache"],
            calls.Where(call => call.StartsWith("aws s3", StringComparison.Ordinal)).Select(call => call["aws ".Length..]));
        Assert.Contains("""Add "https://d111.cloudfront.net" to allowedOrigins in cors.json, then deploy with npm run deploy -- --stage prod""", deployed.Output, StringComparison.Ordinal);
    }

    [TheoryThatNeeds("node", "npm", "sh")]
    [InlineData("--stage Prod", "\"Prod\" is not a stage. Use at most 14 lower-case letters, digits and hyphens, such as dev, prod or pr-7.")]
    [InlineData("--region eu-west-1", "Unknown option '--region'")]
    [InlineData("--stage empty", "The stack acme-auth-empty in ap-southeast-2 has no output UserPoolId. Deploy its stage again with npm run deploy.")]
    [InlineData("--stage gone", "aws cloudformation describe-stacks --stack-name acme-auth-gone failed with exit code 254.")]
    public async Task Is_not_configured_by_what_is_not_there(string arguments, string sentence)
    {
        var service = await Made.Value;
        var aws = new FakeCli(
            ("aws cloudformation describe-stacks --stack-name acme-auth-empty", "null", 0),
            ("aws cloudformation describe-stacks --stack-name acme-auth-gone", "", 254));

        var refused = await aws.RunAsync(service, "configure.mjs", arguments.Split(' '));

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(sentence, refused.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("    at ", refused.Output, StringComparison.Ordinal);
    }

    [FactThatNeeds("node", "npm")]
    public async Task Is_hosted_in_a_bucket_that_only_its_distribution_reads()
    {
        var service = await Made.Value;
        var path = Path.Combine(TestRun.NewFolder("hosting"), "hosting.json");
        const string toJson = "const fs = require('node:fs'); fs.writeFileSync(process.argv[2], JSON.stringify(require('js-yaml').load(fs.readFileSync(process.argv[1], 'utf8'))))";
        (await Command.Run(Command.PathOf("node"), ["-e", toJson, service.PathOf("web/hosting.yml"), path], await NodeModules.Folder)).Succeeded();
        var resources = JsonNode.Parse(await File.ReadAllTextAsync(path))!["Resources"]!;

        Assert.Empty((await CloudFormationSchema.CheckAsync(path)).Single().Value!.AsArray());
        Assert.All(resources["PageBucket"]!["Properties"]!["PublicAccessBlockConfiguration"]!.AsObject(), setting => Assert.True((bool)setting.Value!));
        var allowed = Assert.Single(resources["PageBucketPolicy"]!["Properties"]!["PolicyDocument"]!["Statement"]!.AsArray(), statement => (string)statement!["Effect"]! == "Allow")!;
        Assert.Equal(("cloudfront.amazonaws.com", "s3:GetObject"), ((string)allowed["Principal"]!["Service"]!, (string)allowed["Action"]!));
        Assert.EndsWith("distribution/${Distribution}", (string)allowed["Condition"]!["StringEquals"]!["AWS:SourceArn"]!["Fn::Sub"]!, StringComparison.Ordinal);
        var distribution = resources["Distribution"]!["Properties"]!["DistributionConfig"]!;
        Assert.Equal("""{"Ref":"OriginAccessControl"}""", Assert.Single(distribution["Origins"]!.AsArray())!["OriginAccessControlId"]!.ToJsonString());
        Assert.Equal("redirect-to-https", (string)distribution["DefaultCacheBehavior"]!["ViewerProtocolPolicy"]!);
        Assert.Equal("""{"Ref":"ResponseHeaders"}""", distribution["DefaultCacheBehavior"]!["ResponseHeadersPolicyId"]!.ToJsonString());
        var headers = resources["ResponseHeaders"]!["Properties"]!["ResponseHeadersPolicyConfig"]!["SecurityHeadersConfig"]!;
        Assert.Equal("""{"Ref":"ContentSecurityPolicy"}""", headers["ContentSecurityPolicy"]!["ContentSecurityPolicy"]!.ToJsonString());
        Assert.All(headers.AsObject(), header => Assert.True((bool)header.Value!["Override"]!));
    }

    private static async Task<GeneratedService> MakeAsync()
    {
        var service = await GeneratedService.CreateAsync(Template.Named("sls-auth"), "Acme.Auth", Options.Parse("--web true --identityPool false"));
        await NodeModules.LinkAsync(service);
        return service;
    }

    [GeneratedRegex("<style|<script(?![^>]* src=)| style=| on[a-z]+=\"|javascript:")]
    private static partial Regex InlineCode();

    /// <summary>A program in place of the AWS CLI that answers calls by what they begin with, and notes them.</summary>
    private sealed class FakeCli
    {
        private readonly string folder = TestRun.NewFolder("fakes");

        public FakeCli(params (string Call, string Output, int ExitCode)[] answers)
        {
            File.WriteAllText(
                Path.Combine(folder, "answers.json"),
                new JsonArray([.. answers.Select(answer => new JsonObject { ["call"] = answer.Call, ["output"] = answer.Output, ["exitCode"] = answer.ExitCode })]).ToJsonString());
            var program = Path.Combine(folder, "aws");
            File.WriteAllText(program, $"#!/bin/sh\nexec node '{Repository.PathOf("tests", "node", "fake-program.mjs")}' aws \"$@\"\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        /// <summary>The calls, in order.</summary>
        public IReadOnlyList<string> Calls => File.ReadAllLines(Path.Combine(folder, "calls.log"));

        /// <summary>Runs a script of the page.</summary>
        public Task<Command> RunAsync(GeneratedService service, string script, params string[] arguments) =>
            Command.Run(Command.PathOf("node"), [$"web/{script}", .. arguments], service.Folder, new Dictionary<string, string?>
            {
                ["PATH"] = $"{folder}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}",
                ["FAKE_ANSWERS"] = Path.Combine(folder, "answers.json"),
            });
    }
}
