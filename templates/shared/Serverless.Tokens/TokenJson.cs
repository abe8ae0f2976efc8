using System.Text.Json.Serialization;

namespace Serverless.Tokens;

[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class TokenJson : JsonSerializerContext;
