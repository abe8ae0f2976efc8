using System.Text.Json;
using System.Text.Json.Serialization;

namespace Company.Function._1.TradeItems;

internal sealed partial record TradeItem
{
    /// <summary>Reads a trade item that somebody has sent.</summary>
    /// <exception cref="InvalidTradeItemException">It is none; the message says why, without what was sent.</exception>
    public static TradeItem Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return Check(JsonSerializer.Deserialize(json, TradeItemJson.Default.TradeItem));
        }
        catch (JsonException exception)
        {
            var where = exception.Path is null or "$" ? "" : $" at {exception.Path}";
            throw new InvalidTradeItemException($"The trade item is not the JSON expected{where}; expected {Form}.");
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(TradeItem))]
internal sealed partial class TradeItemJson : JsonSerializerContext;
