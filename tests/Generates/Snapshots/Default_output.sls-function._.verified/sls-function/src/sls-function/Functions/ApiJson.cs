using System.Text.Json.Serialization;

namespace sls_function.Functions;

/// <summary>The bodies that the API takes and gives. What it takes is read strictly: a misspelt member is told, not ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(NewOrder))]
[JsonSerializable(typeof(OrderBody))]
internal sealed partial class ApiJson : JsonSerializerContext;
