using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Serverless.Tests;

/// <summary>What openapi.json says of handlers of many forms.</summary>
public sealed class OpenApiDocumentTests
{
    [Fact]
    public void Reads_statuses_and_types_from_the_code()
    {
        var operation = Describe(new("put", "PUT", "/things/{id}", Access.Token, Put))["paths"]!["/things/{id}"]!["put"]!;

        Assert.Equal(["200", "201", "400", "401", "403", "404", "409", "413", "429", "500", "503"], operation["responses"]!.AsObject().Select(response => response.Key));
        Assert.Equal("#/components/schemas/Thing", SchemaOf(operation["responses"]!["201"]!["content"]!["application/json"]!));
        Assert.Equal("#/components/schemas/NewThing", SchemaOf(operation["requestBody"]!["content"]!["application/json"]!));
        Assert.Equal("{\"name\": …}", (string)operation["requestBody"]!["description"]!);
        Assert.Equal("thing_taken", (string)operation["responses"]!["409"]!["description"]!);
        Assert.Equal(["invalid_path", "invalid_body"], ((string)operation["responses"]!["400"]!["description"]!).Split(", "));
    }

    [Fact]
    public void Reads_the_names_of_parameters_and_headers()
    {
        var operation = Describe(new("list", "GET", "/things", Access.Anyone, request => Task.FromResult(List(request))))["paths"]!["/things"]!["get"]!;

        Assert.Equal(["query after", "header If-None-Match"], operation["parameters"]!.AsArray().Where(parameter => parameter!["name"] is not null).Select(parameter => $"{parameter!["in"]} {parameter["name"]}"));
        Assert.Equal(["ETag", "X-Amzn-Trace-Id"], operation["responses"]!["200"]!["headers"]!.AsObject().Select(header => header.Key));
        Assert.Empty(operation["security"]!.AsArray());
    }

    [Fact]
    public void Says_of_a_status_that_is_no_constant_that_it_may_be_any() =>
        Assert.Contains("default", Describe(new("any", "GET", "/any", Access.Anyone, request => Task.FromResult(new ApiResponse(request.Path.Length))))["paths"]!["/any"]!["get"]!["responses"]!.AsObject().Select(response => response.Key));

    [Fact]
    public void Describes_the_contracts_of_the_bodies()
    {
        var schemas = Describe(new("put", "PUT", "/things/{id}", Access.Token, Put))["components"]!["schemas"]!;

        Assert.Equal("""{"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false}""", schemas["NewThing"]!.ToJsonString());
        Assert.Equal(
            """{"type":"object","properties":{"name":{"type":"string"},"size":{"type":"integer","format":"int32"},"colour":{"type":"string","enum":["Red","Green"]},"inside":{"type":"array","items":{"$ref":"#/components/schemas/Thing"}},"outside":{"anyOf":[{"$ref":"#/components/schemas/Place"},{"type":"null"}]}},"required":["name","size","colour","inside","outside"]}""",
            schemas["Thing"]!.ToJsonString());
    }

    [Fact]
    public void Keeps_what_a_person_has_added_and_nothing_that_the_code_contradicts()
    {
        var route = new ApiRoute("put", "PUT", "/things/{id}", Access.Token, Put);
        var written = Describe(route);
        written["info"]!["title"] = "Things";
        var operation = written["paths"]!["/things/{id}"]!["put"]!;
        operation["summary"] = "Puts a thing";
        operation["operationId"] = "store";
        operation["responses"]!["302"] = new JsonObject { ["description"] = "Invented." };
        operation["responses"]!["400"]!["description"] = "invalid_body, invalid_path";
        operation["responses"]!["404"]!["description"] = "invented";
        var name = written["components"]!["schemas"]!["NewThing"]!["properties"]!["name"]!;
        name["maxLength"] = 100;
        name["type"] = "integer";
        written["components"]!["schemas"]!["NewThing"]!["properties"]!["description"] = new JsonObject { ["type"] = "string" };

        var document = Describe(route, written);

        var kept = document["paths"]!["/things/{id}"]!["put"]!;
        Assert.Equal(("Things", "Puts a thing", "store"), ((string)document["info"]!["title"]!, (string)kept["summary"]!, (string)kept["operationId"]!));
        Assert.False(kept["responses"]!.AsObject().ContainsKey("302"));
        Assert.Equal(("invalid_body, invalid_path", "no_such_thing"), ((string)kept["responses"]!["400"]!["description"]!, (string)kept["responses"]!["404"]!["description"]!));
        Assert.Equal("""{"name":{"type":"string","maxLength":100}}""", document["components"]!["schemas"]!["NewThing"]!["properties"]!.ToJsonString());
    }

    private static JsonObject Describe(ApiRoute route, JsonObject? written = null) => OpenApiDocument.Describe([route], written ?? []);

    private static string SchemaOf(JsonNode content) => (string)content["schema"]!["$ref"]!;

    private static async Task<ApiResponse> Put(ApiRequest request)
    {
        var id = request.PathParameter("id");
        var asked = request.ReadJson(ThingJson.Default.NewThing, "{\"name\": …}");
        await Task.Yield();
        var isNew = id.Length > 3;
        var thing = Find(id) ?? throw new ProblemException(404, "no_such_thing", $"There is no {id}.");
        if (asked.Name == thing.Name)
            throw new ProblemException(409, "thing_taken", "It is taken.");
        return ApiResponse.Json(isNew ? 201 : 200, await Task.FromResult(thing), ThingJson.Default.Thing);
    }

    private static ApiResponse List(ApiRequest request)
    {
        var headers = request.Headers;
        var response = ApiResponse.Json(200, request.Query.GetValueOrDefault("after") ?? headers.GetValueOrDefault("If-None-Match", ""), ThingJson.Default.String);
        response.Headers["ETag"] = "1";
        return response;
    }

    private static Thing? Find(string id) => new(id, 1, Colour.Red, [], null);
}

internal enum Colour
{
    Red,
    Green,
}

internal sealed record NewThing(string Name);

internal sealed record Thing(string Name, int Size, Colour Colour, IReadOnlyList<Thing> Inside, Place? Outside);

internal sealed record Place(string Name);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(NewThing))]
[JsonSerializable(typeof(Thing))]
[JsonSerializable(typeof(string))]
internal sealed partial class ThingJson : JsonSerializerContext;
