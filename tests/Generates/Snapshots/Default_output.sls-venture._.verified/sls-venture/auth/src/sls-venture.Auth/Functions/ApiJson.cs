using System.Text.Json;
using System.Text.Json.Serialization;
using sls_venture.Auth.Users;

namespace sls_venture.Auth.Functions;

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
[JsonSerializable(typeof(NewInvitation))]
[JsonSerializable(typeof(InvitationBody))]
[JsonSerializable(typeof(InvitationsBody))]
[JsonSerializable(typeof(ExportBody))]
[JsonSerializable(typeof(Appointment))]
internal sealed partial class ApiJson : JsonSerializerContext;

/// <summary>
/// A role by its name, letter by letter. The converter that .NET brings also takes another case, spaces, and several names at once, of
/// which it makes the sum.
/// </summary>
internal sealed class RoleConverter : JsonConverter<Role>
{
    /// <inheritdoc/>
    public override Role Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && RoleName.Find(reader.GetString()!) is { } role ? role : throw new JsonException();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Role value, JsonSerializerOptions options) => writer.WriteStringValue(RoleName.Of(value));
}
