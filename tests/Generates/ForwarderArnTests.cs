using System.Collections.Concurrent;
using System.Text.Json;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>A <c>--forwarderArn</c> that is no Lambda function's ARN: told at once, and again by the build.</summary>
public sealed class ForwarderArnTests
{
    private static readonly string[] WrongValues =
    [
        "my-forwarder",
        "arn:aws:lambda:ap-southeast-2:12345:function:logs",
        "arn:aws:sns:ap-southeast-2:123456789012:topic",
        "</Error>&\"$(MSBuildProjectName)%41@(Compile);",
    ];

    private static readonly Lazy<Task<Build>> Building = new(async () => await Build.RunAsync(await Task.WhenAll(Rows.Select(row => ServiceAsync((string)row[0], (string)row[1])))));

    private static readonly ConcurrentDictionary<(string, string), Lazy<Task<(Command Command, GeneratedService Service)>>> Created = new();

    // As JSON, so that a test's own name stays readable.
    public static TheoryData<string, string> Rows
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var template in Template.Services.Where(template => template.Options.Any(option => option.Name == "forwarderArn")))
                foreach (var value in WrongValues)
                    rows.Add(template.ShortName, JsonSerializer.Serialize(value));
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Is_told_when_the_service_is_made(string template, string value)
    {
        var (command, _) = await CreateAsync(template, value);

        Assert.Contains("--forwarderArn is not the ARN of a Lambda function", command.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Stops_the_build_which_names_the_option_the_value_and_the_form_expected(string template, string value)
    {
        var build = await Building.Value;
        var service = await ServiceAsync(template, value);

        Assert.Contains(build.Faults(service), fault => fault.Contains($"--forwarderArn is \"{JsonSerializer.Deserialize<string>(value)}\"; expected the ARN of a Lambda function", StringComparison.Ordinal));
        Assert.False(Build.HasBuilt(service.Project));
    }

    private static async Task<GeneratedService> ServiceAsync(string template, string value) => (await CreateAsync(template, value)).Service;

    private static Task<(Command Command, GeneratedService Service)> CreateAsync(string shortName, string value) =>
        Created.GetOrAdd((shortName, value), _ => new(async () =>
        {
            var parent = TestRun.NewFolder("services");
            var options = new Options(new Dictionary<string, string> { ["forwarderArn"] = JsonSerializer.Deserialize<string>(value)! });
            var command = (await GeneratedService.CommandAsync(Template.Named(shortName), GeneratedService.UsualName, options, parent)).Succeeded();
            return (command, GeneratedService.Read(Template.Named(shortName), GeneratedService.UsualName, options, parent));
        })).Value;
}
