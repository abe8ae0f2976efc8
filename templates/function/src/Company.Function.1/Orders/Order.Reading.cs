using System.Text.Json;
using System.Text.Json.Serialization;

namespace Company.Function._1.Orders;

internal sealed partial record Order
{
    /// <summary>Reads an order that somebody has sent.</summary>
    /// <exception cref="InvalidOrderException">It is none; the message says why, without what was sent.</exception>
    public static Order Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return Check(JsonSerializer.Deserialize(json, OrderJson.Default.Order));
        }
        catch (JsonException exception)
        {
            var where = exception.Path is null or "$" ? "" : $" at {exception.Path}";
            throw new InvalidOrderException($"The order is not the JSON expected{where}; expected is {Form}.");
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(Order))]
internal sealed partial class OrderJson : JsonSerializerContext;
