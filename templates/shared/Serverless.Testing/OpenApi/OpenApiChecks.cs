using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Serverless.Testing;

/// <summary>
/// What holds for <c>openapi.json</c>, the description of a service's HTTP API: it is what the code does, and what is deployed. With the
/// environment variable <c>UPDATE_OPENAPI</c> it is written before.
/// </summary>
/// <param name="routes">The table of routes.</param>
public abstract class OpenApiChecks(IReadOnlyList<ApiRoute> routes)
{
    private const string Command = "dotnet test -e UPDATE_OPENAPI=true --filter OpenApi";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSerializerOptions OnOneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string DocumentFile { get; } = Path.Combine(Deployment.ServiceFolder, "openapi.json");

    [Fact]
    public void Openapi_json_is_what_the_code_does()
    {
        var written = ReadDocument();
        if (Difference(written, OpenApiDocument.Describe(routes, written), "") is { } difference)
            Assert.Fail($"{DocumentFile} is not what the code does: {difference}. To write it anew: {Command}");
    }

    [Fact]
    public async Task Openapi_json_has_the_deployed_routes_each_with_its_guard_and_no_others()
    {
        Deployment.SkipWithoutPackages();
        var deployed = await DeploymentTest.Packaged.Value;

        Assert.Equal(
            deployed.Routes().Select(route => (route.Key.Replace("+}", "}", StringComparison.Ordinal), route.Access)).Order(),
            OpenApiDocument.Operations(ReadDocument()).Order());
    }

    private JsonObject ReadDocument()
    {
        var written = File.Exists(DocumentFile) ? JsonNode.Parse(File.ReadAllText(DocumentFile))!.AsObject() : new JsonObject { ["paths"] = new JsonObject() };
        if (Environment.GetEnvironmentVariable("UPDATE_OPENAPI") is not { Length: > 0 } or "false")
            return written;
        var document = OpenApiDocument.Describe(routes, written);
        File.WriteAllText(DocumentFile, $"{document.ToJsonString(Indented)}\n");
        return document;
    }

    // The first place in which they differ, in the order of the document.
    private static string? Difference(JsonNode? written, JsonNode? document, string place) => (written, document) switch
    {
        _ when JsonNode.DeepEquals(written, document) => null,
        (JsonObject was, JsonObject now) => now.Select(member => member.Key).Union(was.Select(member => member.Key))
            .Select(name => !was.ContainsKey(name) ? $"{place}/{name} is missing" : !now.ContainsKey(name) ? $"{place}/{name} is not in the code" : Difference(was[name], now[name], $"{place}/{name}"))
            .First(difference => difference is not null),
        _ => $"{(place.Length == 0 ? "/" : place)} is {Text(written)}; expected {Text(document)}",
    };

    private static string Text(JsonNode? node) => node?.ToJsonString(OnOneLine) ?? "null";
}
