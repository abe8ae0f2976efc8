using System.Text.Json;
using System.Text.Json.Serialization;
using Amazon.Lambda.APIGatewayEvents;
using Amazon.Lambda.Core;
using Amazon.Lambda.Serialization.SystemTextJson;

namespace Serverless;

/// <summary>The events of an HTTP API, without reflection.</summary>
[JsonSerializable(typeof(APIGatewayHttpApiV2ProxyRequest))]
[JsonSerializable(typeof(APIGatewayHttpApiV2ProxyResponse))]
internal sealed partial class HttpApiJson : JsonSerializerContext
{
    public static ILambdaSerializer CreateSerializer() =>
        new SourceGeneratorLambdaJsonSerializer<HttpApiJson>(options => options.Converters.Add(new StringsConverter()));
}

/// <summary>
/// Reads the strings of a JSON object and ignores its other values. <see cref="APIGatewayHttpApiV2ProxyRequest"/> declares a token's
/// claims as strings, and API Gateway sends strings. A claim of another type must not make the event unreadable: the client would
/// get a 500, and the function's alarm would go off. Without the claim the request gets a 401, if the claim is needed at all.
/// </summary>
internal sealed class StringsConverter : JsonConverter<IDictionary<string, string>>
{
    /// <inheritdoc/>
    public override IDictionary<string, string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException();
        var strings = new Dictionary<string, string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = ReadText(ref reader);
            reader.Read();
            if (name is not null && ReadText(ref reader) is { } value)
                strings[name] = value;
            reader.Skip();
        }

        return strings;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IDictionary<string, string> value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (name, text) in value)
            writer.WriteString(name, text);
        writer.WriteEndObject();
    }

    private static string? ReadText(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? reader.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // The text is not valid Unicode, such as half a surrogate pair.
            return null;
        }
    }
}
