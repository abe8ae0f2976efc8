using System.Text.Json.Serialization;

namespace sls_auth.Tokens;

[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class TokenJson : JsonSerializerContext;
