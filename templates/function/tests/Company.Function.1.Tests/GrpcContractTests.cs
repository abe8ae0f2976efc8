using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace Company.Function._1.Tests;

using Host;
using Host.Protos;
using TradeItems;

/// <summary>protos/ and the table of routes are one contract in two languages.</summary>
public sealed class GrpcContractTests
{
    private static readonly IReadOnlyList<ApiRoute> Routes = Api.Routes(new Lazy<TradeItemsTable>(() => throw new InvalidOperationException("No request, no table.")));

    public static TheoryData<string> Methods => [.. TradeItemsService.Descriptor.Methods.Select(method => method.Name)];

    [Fact]
    public void Every_method_is_a_route_and_every_route_of_Api_is_a_method()
    {
        var bound = TradeItemsService.Descriptor.Methods.Select(method => GrpcBinding.Of(method).Route).ToList();

        Assert.All(bound, route => Assert.True(Routes.Any(known => known.Key == route), $"protos/ has a method for {route}, which is no route. Correct its annotation, or add the route."));
        // Those under handlers/ are served over HTTP alone, unless protos/ has a method for them too.
        Assert.All(Routes.Except(AddedRoutes.All), route => Assert.True(bound.Contains(route.Key), $"protos/ has no method for the route {route.Key}. Add one whose annotation names it."));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_method_has_the_fields_of_the_JSON(string name)
    {
        var method = TradeItemsService.Descriptor.FindMethodByName(name);
        var binding = GrpcBinding.Of(method);
        var document = JsonNode.Parse(File.ReadAllText(Path.Combine(Deployment.ServiceFolder, "openapi.json")))!;
        var route = document["paths"]![binding.Route.Split(' ')[1].Replace("+}", "}", StringComparison.Ordinal)]![binding.Verb.ToLowerInvariant()]!;
        var asked = route["requestBody"]?["content"]!["application/json"]!["schema"];
        var answered = route["responses"]!.AsObject().First(response => response.Key.StartsWith('2')).Value!["content"]?["application/json"]!["schema"];

        Assert.Equal(asked is null ? Fields(InQuery(document, route)) : Text(document, asked), Fields(binding.BodyFields.Select(Text)));
        Assert.All(binding.BodyFields, field => Assert.True(field.HasPresence || field.IsRepeated, $"{field.FullName} is not optional, so one that is missing would be taken for one that is zero or empty."));
        Assert.Equal(answered is null ? "{}" : Text(document, answered), Text(method.OutputType));
    }

    [Theory]
    [InlineData("""{"id":"1","product":"Tea","quantity":2,"placedAt":"2026-11-22T12:00:00.123\u002B00:00"}""", "2026-11-22T12:00:00.123Z")]
    [InlineData("""{"id":"1","product":"Tea","quantity":2,"placedAt":"2026-11-22T12:00:00+00:00"}""", "2026-11-22T12:00:00Z")]
    public void An_answer_is_the_message_of_the_same_values(string json, string placedAt)
    {
        var message = (TradeItemReply)GrpcBinding.Of(TradeItemsService.Descriptor.FindMethodByName("GetTradeItem")).Read(json);

        Assert.Equal(new TradeItemReply { Id = "1", Product = "Tea", Quantity = 2, PlacedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.Parse(placedAt, null)) }, message);
    }

    [Fact]
    public void A_method_without_a_route_keeps_the_host_from_starting()
    {
        var routes = new GrpcRoutes(NullLogger<GrpcRoutes>.Instance);

        Assert.Contains(
            "PlaceTradeItem names the route POST /trade-items, which the service does not have",
            Assert.Throws<InvalidDataException>(() => routes.Bind([])).Message,
            StringComparison.Ordinal);
    }

    private static IEnumerable<string> InQuery(JsonNode document, JsonNode route) =>
        from one in route["parameters"]?.AsArray() ?? []
        where (string?)one["in"] == "query"
        select (string)one["name"]! + ": " + Text(document, one["schema"]!);

    // What a schema and a message have in common: {id: string, quantity: integer int32}.
    private static string Text(JsonNode document, JsonNode json)
    {
        if ((string?)json["$ref"] is { } path)
            return Text(document, path.Split('/').Skip(1).Aggregate(document, (found, name) => found[name]!));
        var name = json["type"] is JsonArray several ? several.Select(one => (string)one!).First(one => one != "null") : (string)json["type"]!;
        return name switch
        {
            "object" => Fields(json["properties"]!.AsObject().Select(field => field.Key + ": " + Text(document, field.Value!))),
            "array" => "[" + Text(document, json["items"]!) + "]",
            _ => (name + " " + (string?)json["format"]).TrimEnd(),
        };
    }

    private static string Text(MessageDescriptor message) =>
        message == Timestamp.Descriptor ? "string date-time" : Fields(message.Fields.InDeclarationOrder().Select(Text));

    private static string Text(FieldDescriptor field)
    {
        var text = field.FieldType switch
        {
            FieldType.String => "string",
            FieldType.Int32 => "integer int32",
            FieldType.Double => "number double",
            FieldType.Bool => "boolean",
            FieldType.Message => Text(field.MessageType),
            // JSON has 64-bit numbers as text, and no bytes.
            var other => $"{other}, which JSON writes in another form",
        };
        return $"{field.JsonName}: {(field.IsRepeated ? $"[{text}]" : text)}";
    }

    private static string Fields(IEnumerable<string> fields) => $"{{{string.Join(", ", fields.Order(StringComparer.Ordinal))}}}";
}
