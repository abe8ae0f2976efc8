using System.Text.Json.Serialization;

namespace Company.Function._1.Functions;

/// <summary>The bodies that the API takes and gives. What it takes is read strictly: a misspelt member is told, not ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(NewTradeItem))]
[JsonSerializable(typeof(TradeItemBody))]
internal sealed partial class ApiJson : JsonSerializerContext;
