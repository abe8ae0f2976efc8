using System.Text.Json.Serialization;
using sls_auth.Users;

namespace sls_auth.Functions;

/// <summary>The bodies that the API takes and gives. What it takes is read strictly: a misspelt member is told, not ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    Converters = [typeof(RoleConverter)])]
[JsonSerializable(typeof(Greeting))]
[JsonSerializable(typeof(UserBody))]
[JsonSerializable(typeof(TeamBody))]
[JsonSerializable(typeof(NewTeam))]
[JsonSerializable(typeof(NewMember))]
internal sealed partial class ApiJson : JsonSerializerContext;

/// <summary>A role by its name in lower case, never by its number.</summary>
internal sealed class RoleConverter() : JsonStringEnumConverter<Role>(System.Text.Json.JsonNamingPolicy.CamelCase, allowIntegerValues: false);
