using System.Text.Json.Serialization;

namespace sls_function.Tokens;

[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class TokenJson : JsonSerializerContext;
