using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Company.Function._1.Host;

/// <summary>How a gRPC method is a request over HTTP: what its annotation <c>google.api.http</c> says.</summary>
internal sealed class GrpcBinding
{
    private readonly PathPart[] path;
    private readonly bool hasBody;

    private GrpcBinding(MethodDescriptor method, string verb, string path, bool hasBody)
    {
        (Method, Verb, this.hasBody) = (method, verb, hasBody);
        this.path = [.. path.Split('/').Select(text => PathPartOf(text, method))];
        Route = $"{verb} {Path(one => one.Field is { } field ? $"{{{field.JsonName}{(one.IsGreedy ? "+" : "")}}}" : one.Text)}";
    }

    /// <summary>The method.</summary>
    public MethodDescriptor Method { get; }

    /// <summary>The HTTP method, in capitals.</summary>
    public string Verb { get; }

    /// <summary>The route's key, as the table of routes writes it: <c>GET /trade-items/{id}</c>.</summary>
    public string Route { get; }

    /// <summary>The fields of the request that are not part of the path.</summary>
    public IEnumerable<FieldDescriptor> BodyFields => Method.InputType.Fields.InDeclarationOrder().Except(path.Select(one => one.Field).OfType<FieldDescriptor>());

    /// <summary>Reads the annotation.</summary>
    /// <exception cref="InvalidDataException">It is missing, or says what no route can do.</exception>
    public static GrpcBinding Of(MethodDescriptor method)
    {
        ArgumentNullException.ThrowIfNull(method);
        var rule = method.GetOptions()?.GetExtension(AnnotationsExtensions.Http) ?? new HttpRule();
        var (verb, path) = rule.PatternCase switch
        {
            HttpRule.PatternOneofCase.Get => ("GET", rule.Get),
            HttpRule.PatternOneofCase.Post => ("POST", rule.Post),
            HttpRule.PatternOneofCase.Put => ("PUT", rule.Put),
            HttpRule.PatternOneofCase.Delete => ("DELETE", rule.Delete),
            HttpRule.PatternOneofCase.Patch => ("PATCH", rule.Patch),
            _ => throw new InvalidDataException($"protos/: {method.Name} names no route; expected an annotation such as option (google.api.http) = {{ get: \"/trade-items/{{id}}\" }}."),
        };
        if (method.IsClientStreaming || method.IsServerStreaming)
            throw new InvalidDataException($"protos/: {method.Name} streams; expected one request and one answer, as a route has.");
        return rule.Body is "" or "*" && rule.ResponseBody.Length == 0 && rule.AdditionalBindings.Count == 0
            ? new GrpcBinding(method, verb, path, rule.Body == "*")
            : throw new InvalidDataException($"protos/: the annotation of {method.Name} has more than a verb with its path and body: \"*\", and nothing else is carried over.");
    }

    /// <summary>Writes a message as a request.</summary>
    /// <returns>The path with its query, and the body: the fields that are not in the path, as JSON.</returns>
    public (string Url, byte[] Body) Write(IMessage message)
    {
        var fields = JsonNode.Parse(JsonFormatter.Default.Format(message))!.AsObject();
        var url = Path(one =>
        {
            if (one.Field is null)
                return one.Text;
            var value = fields[one.Field.JsonName]?.ToString() ?? "";
            fields.Remove(one.Field.JsonName);
            return one.IsGreedy ? string.Join('/', value.Split('/').Select(Uri.EscapeDataString)) : Uri.EscapeDataString(value);
        });
        if (!hasBody)
            return (url + QueryString.Create(fields.Select(field => KeyValuePair.Create(field.Key, field.Value?.ToString()))), []);
        using var body = new MemoryStream();
        // Letters as they are: written as \u…, they would count several times towards the longest body.
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            fields.WriteTo(json);
        return (url, body.ToArray());
    }

    /// <summary>Reads an answer as a message.</summary>
    /// <param name="json">The body, empty if there is none.</param>
    /// <exception cref="InvalidProtocolBufferException">A member is not a field of the message.</exception>
    public IMessage Read(string json) => JsonParser.Default.Parse(json.Length == 0 ? "{}" : json, Method.OutputType);

    private string Path(Func<PathPart, string> write) => string.Join('/', path.Select(write));

    private static PathPart PathPartOf(string text, MethodDescriptor method)
    {
        if (!text.StartsWith('{'))
            return new PathPart(text, null, false);
        var field = method.InputType.FindFieldByName(text.Trim('{', '}').Split('=')[0])
            ?? throw new InvalidDataException($"protos/: the path of {method.Name} has {text}; expected a field of {method.InputType.Name} in braces.");
        return new PathPart(text, field, text.Contains("=**", StringComparison.Ordinal));
    }

    // A part of the path between two slashes: a text, {id} for a field, or {path=**} for a field with all that follows.
    private sealed record PathPart(string Text, FieldDescriptor? Field, bool IsGreedy);
}
