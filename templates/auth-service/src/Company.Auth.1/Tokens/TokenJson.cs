using System.Text.Json.Serialization;

namespace Company.Auth._1.Tokens;

[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class TokenJson : JsonSerializerContext;
