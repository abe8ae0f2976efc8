using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary><c>--entity</c>: what the service of <c>sls-function</c> keeps.</summary>
public sealed partial class EntityTests
{
    private static readonly Template Function = Template.Named("sls-function");

    [Theory]
    [InlineData("Invoice", "Invoice", "Invoices", "/invoices", "an invoice")]
    [InlineData("Category", "Category", "Categories", "/categories", "a category")]
    [InlineData("box", "Box", "Boxes", "/boxes", "a box")]
    [InlineData("order line", "OrderLine", "OrderLines", "/order-lines", "an order line")]
    [InlineData("APIKey", "ApiKey", "ApiKeys", "/api-keys", "an api key")]
    [InlineData("Person", "Person", "People", "/people", "a person")]
    [InlineData("User", "User", "Users", "/users", "a user")]
    [InlineData("x", "X", "Xes", "/xes", "a x")]
    [InlineData("Task", "TaskEntry", "TaskEntries", "/tasks", "a task")]
    [InlineData("class", "ClassEntry", "ClassEntries", "/classes", "a class")]
    [InlineData("String", "StringEntry", "StringEntries", "/strings", "a string")]
    public async Task Names_types_files_routes_and_texts(string entity, string type, string types, string route, string text)
    {
        var service = await GeneratedService.CreateAsync(Function, GeneratedService.UsualName, new Options(new Dictionary<string, string> { ["entity"] = entity }));

        Faults.None(OutputChecks.Faults(service));
        Assert.Contains($"record {type}(", service.Read($"src/{service.ProjectName}/{types}/{type}.cs"), StringComparison.Ordinal);
        Assert.Contains($"\"POST\", \"{route}\"", service.Read($"src/{service.ProjectName}/Api.cs"), StringComparison.Ordinal);
        Assert.Contains($"description: Places {text}\n", service.Read("serverless.yml").ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains(service.Files, file => file.EndsWith($"/events/place{type}.json", StringComparison.Ordinal));
        Assert.Contains($"{types}Table:", service.Read($"resources{route}-table.yml"), StringComparison.Ordinal);
        Assert.DoesNotContain(service.Files.Where(file => entity != "order line" && file != ".sls-template.json"), file => OrderWord().IsMatch(file) || OrderWord().IsMatch(service.Read(file)));
    }

    [Theory]
    [InlineData("Ünïcode")]
    [InlineData("1st")]
    [InlineData("Order;Line")]
    [InlineData("../Order")]
    [InlineData("a\r\nb")]
    [InlineData("${env:HOME}")]
    [InlineData("$(MSBuildProjectName)")]
    [InlineData("<!--#if (aot) -->")]
    [InlineData("key: {a: 1}")]
    [InlineData("\"")]
    [InlineData("An entity whose name has more than thirty characters, as has this one")]
    public async Task Refuses_a_name_that_code_cannot_have(string entity)
    {
        var parent = TestRun.NewFolder("services");
        var options = new Options(new Dictionary<string, string> { ["entity"] = entity });
        var command = (await GeneratedService.CommandAsync(Function, GeneratedService.UsualName, options, parent)).Succeeded();
        var service = GeneratedService.Read(Function, GeneratedService.UsualName, options, parent);

        var build = await Command.Dotnet(service.Folder, "msbuild", service.Project, "-t:CheckEntity", "-nologo", "-nodeReuse:false");

        Assert.Contains("The value of --entity is not a name that code can have", command.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, build.ExitCode);
        Assert.Contains($"--entity is \"{entity.ReplaceLineEndings(" ")}\"", build.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Does_not_give_a_type_or_variable_a_name_that_the_code_uses()
    {
        var taken = new Regex((string)Function.Json["forms"]!["takenEntity"]!["pattern"]!);
        var names = Directory.GetFiles(Function.Folder, "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Split(Path.DirectorySeparatorChar).Intersect(["bin", "obj", "artifacts"]).Any())
            .SelectMany(path => File.ReadLines(path).Where(line => !line.StartsWith("using ", StringComparison.Ordinal) && !line.StartsWith('#')))
            .SelectMany(line => Name().Matches(NotCode().Replace(line, "")).Select(name => name.Value))
            .Where(name => !name.Contains("TradeItem", StringComparison.OrdinalIgnoreCase) && !name.Contains('_', StringComparison.Ordinal));

        Assert.Empty(names.Distinct().Where(name => !taken.IsMatch(name)).Order());
    }

    [GeneratedRegex(@"(?<![A-Za-z.]|in |the )[Oo]rders?(?![A-Za-z(])|Orders?Table|PlaceOrder|GetOrder")]
    private static partial Regex OrderWord();

    [GeneratedRegex(@"//.*|\x22{3}[^\n]*\x22{3}|\x22(?:[^\x22\\]|\\.)*\x22")]
    private static partial Regex NotCode();

    [GeneratedRegex(@"(?<![.\w])[A-Za-z_]\w*")]
    private static partial Regex Name();
}
