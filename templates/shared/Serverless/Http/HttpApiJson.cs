using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Amazon.Lambda.APIGatewayEvents;

namespace Serverless;

/// <summary>
/// Reads and writes the events of an HTTP API, payload format 2.0, token by token: preparing a serializer for the types of
/// <c>Amazon.Lambda.APIGatewayEvents</c> takes a sixth of a function's start.
/// </summary>
internal static class HttpApiJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads an event. Members that the type does not have are skipped.</summary>
    /// <exception cref="JsonException">It is not the JSON of an event.</exception>
    public static APIGatewayHttpApiV2ProxyRequest Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var request = new APIGatewayHttpApiV2ProxyRequest();
        if (!Enters(ref reader))
            throw new JsonException("The event is null. Expected the JSON of a request.");
        while (HasMember(ref reader))
        {
            if (reader.ValueTextEquals("version"u8)) request.Version = Text(ref reader);
            else if (reader.ValueTextEquals("routeKey"u8)) request.RouteKey = Text(ref reader);
            else if (reader.ValueTextEquals("rawPath"u8)) request.RawPath = Text(ref reader);
            else if (reader.ValueTextEquals("rawQueryString"u8)) request.RawQueryString = Text(ref reader);
            else if (reader.ValueTextEquals("cookies"u8)) request.Cookies = [.. List(ref reader)];
            else if (reader.ValueTextEquals("headers"u8)) request.Headers = Texts(ref reader);
            else if (reader.ValueTextEquals("queryStringParameters"u8)) request.QueryStringParameters = Texts(ref reader);
            else if (reader.ValueTextEquals("pathParameters"u8)) request.PathParameters = Texts(ref reader);
            else if (reader.ValueTextEquals("stageVariables"u8)) request.StageVariables = Texts(ref reader);
            else if (reader.ValueTextEquals("body"u8)) request.Body = Text(ref reader);
            else if (reader.ValueTextEquals("isBase64Encoded"u8)) request.IsBase64Encoded = reader.Read() && reader.GetBoolean();
            else if (reader.ValueTextEquals("requestContext"u8)) request.RequestContext = ReadContext(ref reader);
            else SkipMember(ref reader);
        }

        // What follows the event would make it another document.
        reader.Read();
        return request;
    }

    /// <summary>Writes an answer. What is null is left out.</summary>
    public static MemoryStream Write(APIGatewayHttpApiV2ProxyResponse response)
    {
        var json = new MemoryStream((response.Body?.Length ?? 0) + 512);
        using (var writer = new Utf8JsonWriter(json, Options))
        {
            writer.WriteStartObject();
            writer.WriteNumber("statusCode"u8, response.StatusCode);
            if (response.Headers is not null)
            {
                writer.WriteStartObject("headers"u8);
                foreach (var (name, value) in response.Headers)
                    writer.WriteString(name, value);
                writer.WriteEndObject();
            }

            if (response.Cookies is not null)
            {
                writer.WriteStartArray("cookies"u8);
                foreach (var cookie in response.Cookies)
                    writer.WriteStringValue(cookie);
                writer.WriteEndArray();
            }

            if (response.Body is not null)
                writer.WriteString("body"u8, response.Body);
            writer.WriteBoolean("isBase64Encoded"u8, response.IsBase64Encoded);
            writer.WriteEndObject();
        }

        json.Position = 0;
        return json;
    }

    private static APIGatewayHttpApiV2ProxyRequest.ProxyRequestContext? ReadContext(ref Utf8JsonReader reader)
    {
        if (!Enters(ref reader))
            return null;
        var context = new APIGatewayHttpApiV2ProxyRequest.ProxyRequestContext();
        while (HasMember(ref reader))
        {
            if (reader.ValueTextEquals("accountId"u8)) context.AccountId = Text(ref reader);
            else if (reader.ValueTextEquals("apiId"u8)) context.ApiId = Text(ref reader);
            else if (reader.ValueTextEquals("authorizer"u8)) context.Authorizer = ReadAuthorizer(ref reader);
            else if (reader.ValueTextEquals("domainName"u8)) context.DomainName = Text(ref reader);
            else if (reader.ValueTextEquals("domainPrefix"u8)) context.DomainPrefix = Text(ref reader);
            else if (reader.ValueTextEquals("http"u8)) context.Http = ReadHttp(ref reader);
            else if (reader.ValueTextEquals("requestId"u8)) context.RequestId = Text(ref reader);
            else if (reader.ValueTextEquals("routeId"u8)) context.RouteId = Text(ref reader);
            else if (reader.ValueTextEquals("routeKey"u8)) context.RouteKey = Text(ref reader);
            else if (reader.ValueTextEquals("stage"u8)) context.Stage = Text(ref reader);
            else if (reader.ValueTextEquals("time"u8)) context.Time = Text(ref reader);
            else if (reader.ValueTextEquals("timeEpoch"u8)) context.TimeEpoch = reader.Read() && reader.TokenType == JsonTokenType.Number ? reader.GetInt64() : throw new JsonException();
            else SkipMember(ref reader);
        }

        return context;
    }

    private static APIGatewayHttpApiV2ProxyRequest.HttpDescription? ReadHttp(ref Utf8JsonReader reader)
    {
        if (!Enters(ref reader))
            return null;
        var http = new APIGatewayHttpApiV2ProxyRequest.HttpDescription();
        while (HasMember(ref reader))
        {
            if (reader.ValueTextEquals("method"u8)) http.Method = Text(ref reader);
            else if (reader.ValueTextEquals("path"u8)) http.Path = Text(ref reader);
            else if (reader.ValueTextEquals("protocol"u8)) http.Protocol = Text(ref reader);
            else if (reader.ValueTextEquals("sourceIp"u8)) http.SourceIp = Text(ref reader);
            else if (reader.ValueTextEquals("userAgent"u8)) http.UserAgent = Text(ref reader);
            else SkipMember(ref reader);
        }

        return http;
    }

    private static APIGatewayHttpApiV2ProxyRequest.AuthorizerDescription? ReadAuthorizer(ref Utf8JsonReader reader)
    {
        if (!Enters(ref reader))
            return null;
        var authorizer = new APIGatewayHttpApiV2ProxyRequest.AuthorizerDescription();
        while (HasMember(ref reader))
        {
            if (reader.ValueTextEquals("lambda"u8)) authorizer.Lambda = Texts(ref reader)?.ToDictionary(value => value.Key, object (value) => value.Value);
            else if (reader.ValueTextEquals("jwt"u8)) authorizer.Jwt = ReadJwt(ref reader);
            else if (reader.ValueTextEquals("iam"u8)) authorizer.IAM = ReadIam(ref reader);
            else SkipMember(ref reader);
        }

        return authorizer;
    }

    private static APIGatewayHttpApiV2ProxyRequest.AuthorizerDescription.JwtDescription? ReadJwt(ref Utf8JsonReader reader)
    {
        if (!Enters(ref reader))
            return null;
        var jwt = new APIGatewayHttpApiV2ProxyRequest.AuthorizerDescription.JwtDescription();
        while (HasMember(ref reader))
        {
            if (reader.ValueTextEquals("claims"u8)) jwt.Claims = Texts(ref reader);
            else if (reader.ValueTextEquals("scopes"u8)) jwt.Scopes = [.. List(ref reader)];
            else SkipMember(ref reader);
        }

        return jwt;
    }

    private static APIGatewayHttpApiV2ProxyRequest.AuthorizerDescription.IAMDescription? ReadIam(ref Utf8JsonReader reader)
    {
        if (!Enters(ref reader))
            return null;
        var iam = new APIGatewayHttpApiV2ProxyRequest.AuthorizerDescription.IAMDescription();
        while (HasMember(ref reader))
        {
            if (reader.ValueTextEquals("accessKey"u8)) iam.AccessKey = Text(ref reader);
            else if (reader.ValueTextEquals("accountId"u8)) iam.AccountId = Text(ref reader);
            else if (reader.ValueTextEquals("callerId"u8)) iam.CallerId = Text(ref reader);
            else if (reader.ValueTextEquals("cognitoIdentity"u8)) iam.CognitoIdentity = ReadIdentity(ref reader);
            else if (reader.ValueTextEquals("principalOrgId"u8)) iam.PrincipalOrgId = Text(ref reader);
            else if (reader.ValueTextEquals("userArn"u8)) iam.UserARN = Text(ref reader);
            else if (reader.ValueTextEquals("userId"u8)) iam.UserId = Text(ref reader);
            else SkipMember(ref reader);
        }

        return iam;
    }

    private static APIGatewayHttpApiV2ProxyRequest.AuthorizerDescription.CognitoIdentityDescription? ReadIdentity(ref Utf8JsonReader reader)
    {
        if (!Enters(ref reader))
            return null;
        var identity = new APIGatewayHttpApiV2ProxyRequest.AuthorizerDescription.CognitoIdentityDescription();
        while (HasMember(ref reader))
        {
            if (reader.ValueTextEquals("amr"u8)) identity.AMR = List(ref reader);
            else if (reader.ValueTextEquals("identityId"u8)) identity.IdentityId = Text(ref reader);
            else if (reader.ValueTextEquals("identityPoolId"u8)) identity.IdentityPoolId = Text(ref reader);
            else SkipMember(ref reader);
        }

        return identity;
    }

    // Whether the next value is an object, not null.
    private static bool Enters(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.StartObject => true,
            JsonTokenType.Null => false,
            _ => throw new JsonException($"The event has {reader.TokenType} where an object is expected."),
        };
    }

    private static bool HasMember(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    private static void SkipMember(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType is JsonTokenType.String or JsonTokenType.Null ? reader.GetString() : throw new JsonException($"The event has {reader.TokenType} where text is expected.");
    }

    private static List<string> List(ref Utf8JsonReader reader)
    {
        var texts = new List<string>();
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return texts;
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException($"The event has {reader.TokenType} where a list is expected.");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null))
                throw new JsonException($"The event has {reader.TokenType} where text is expected.");
            texts.Add(reader.GetString()!);
        }

        return texts;
    }

    // The strings of an object; its other values are ignored. The type declares a token's claims as strings, and API Gateway sends
    // strings. A claim of another type must not make the event unreadable: the client would get a 500, and the function's alarm would
    // go off. Without the claim the request gets a 401, if the claim is needed at all.
    private static Dictionary<string, string>? Texts(ref Utf8JsonReader reader)
    {
        if (!Enters(ref reader))
            return null;
        var texts = new Dictionary<string, string>();
        while (HasMember(ref reader))
        {
            var name = ValidText(ref reader);
            reader.Read();
            if (name is not null && ValidText(ref reader) is { } value)
                texts[name] = value;
            reader.Skip();
        }

        return texts;
    }

    private static string? ValidText(ref Utf8JsonReader reader)
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
