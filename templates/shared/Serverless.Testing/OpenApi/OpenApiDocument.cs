using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Serverless.Testing;

/// <summary>
/// The OpenAPI 3.1 document of a service: its paths from the table of routes, what is read and answered from the code of the handlers, and
/// the schemas from the contracts by which the bodies are serialized. https://spec.openapis.org/oas/v3.1.0.html
/// </summary>
public sealed partial class OpenApiDocument
{
    // Maps of names that the code gives: nothing in them is anybody's to add.
    private static readonly string[] Maps = ["callbacks", "content", "headers", "parameters", "paths", "properties", "responses", "schemas", "securitySchemes"];

    // What the code does not say, and a person may.
    private static readonly string[] Additions =
    [
        "summary", "description", "tags", "deprecated", "example", "examples", "externalDocs", "default", "pattern",
        "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "uniqueItems",
    ];

    private static readonly Dictionary<int, (string Name, string Description)> Refusals = new()
    {
        [401] = ("Unauthorized", "The request has no caller, or one whose token has expired. The answer of the API's own authorizer has a message only."),
        [403] = ("Forbidden", "The token or the credentials are not accepted, which API Gateway says with a message only, or the caller may not do this."),
        [429] = ("TooManyRequests", "There are too many requests at this time."),
        [500] = ("InternalServerError", "The request could not be answered. The log has the reason under the trace id."),
        [503] = ("ServiceUnavailable", "Something that the answer depends on is not available. Try again."),
    };

    private readonly IReadOnlyList<ApiRoute> routes;
    private readonly Dictionary<Assembly, (CodeOfFunctions Code, List<JsonSerializerContext> Contexts)> services = [];
    private readonly Dictionary<string, JsonTypeInfo> contracts = [];
    private readonly JsonObject schemas = [];
    private readonly JsonObject responses = [];
    private readonly JsonObject securitySchemes = [];

    private OpenApiDocument(IReadOnlyList<ApiRoute> routes) => this.routes = routes;

    /// <summary>Describes the routes.</summary>
    /// <param name="routes">The table of routes.</param>
    /// <param name="written">The document as it is: what a person has added to it stays.</param>
    public static JsonObject Describe(IReadOnlyList<ApiRoute> routes, JsonObject written)
    {
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(written);
        var document = new OpenApiDocument(routes).Build();
        foreach (var (name, value) in written.Where(member => member.Key is not ("paths" or "components")))
            document[name] = value?.DeepClone();
        Keep(written["paths"], document["paths"], isMap: true);
        foreach (var (kind, components) in document["components"]!.AsObject())
            Keep(written["components"]?[kind], components, isMap: true);
        return document;
    }

    /// <summary>The operations of a document: each route's key, and who may call it.</summary>
    public static IEnumerable<(string Key, Access Access)> Operations(JsonObject document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation =>
            ($"{operation.Key.ToUpperInvariant()} {path.Key}", operation.Value!["security"]!.AsArray() switch
            {
                [] => Access.Anyone,
                [JsonObject scheme] => scheme.ContainsKey("iam") ? Access.Iam : Access.Token,
                var other => throw new InvalidDataException($"The security of {operation.Key} {path.Key} is {other.ToJsonString()}; expected one scheme, or none."),
            })));
    }

    private JsonObject Build()
    {
        var paths = new JsonObject();
        foreach (var route in routes)
        {
            // OpenAPI has no greedy parameters.
            var path = route.Path.Replace("+}", "}", StringComparison.Ordinal);
            (paths[path] ??= new JsonObject())[route.Method.ToLowerInvariant()] = Operation(route);
        }

        RelaxAnswers(paths);
        var components = new JsonObject
        {
            ["schemas"] = schemas,
            ["responses"] = responses,
            ["parameters"] = new JsonObject
            {
                ["TraceId"] = new JsonObject
                {
                    ["name"] = Trace.Header,
                    ["in"] = "header",
                    ["description"] = "The trace that the request belongs to. Without it, a new one begins.",
                    ["schema"] = new JsonObject { ["type"] = "string", ["maxLength"] = 256 },
                    ["example"] = "Root=1-67891233-abcdef012345678912345678",
                },
            },
            ["headers"] = new JsonObject
            {
                ["TraceId"] = new JsonObject
                {
                    ["description"] = "The trace under which the log has the request.",
                    ["schema"] = new JsonObject { ["type"] = "string" },
                },
            },
        };
        if (securitySchemes.Count > 0)
            components.Insert(0, "securitySchemes", securitySchemes);
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "API", ["version"] = "1.0.0" },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["paths"] = paths,
            ["components"] = components,
        };
    }

    private JsonObject Operation(ApiRoute route)
    {
        var assembly = route.Handle.Method.Module.Assembly;
        if (!services.TryGetValue(assembly, out var service))
            services[assembly] = service = (new CodeOfFunctions(assembly), [.. ContextsOf(assembly), .. ContextsOf(typeof(Problem).Assembly)]);
        var code = new CodeOfRoute(service.Code, route);

        var operation = new JsonObject
        {
            ["operationId"] = routes.Count(other => other.Function == route.Function) == 1 ? route.Function : NameOf(route),
            ["summary"] = route.Key,
            ["security"] = route.Access switch { Access.Anyone => new JsonArray(), Access.Iam => new JsonArray(Scheme("iam")), _ => new JsonArray(Scheme("token")) },
            ["parameters"] = Parameters(route, code),
        };
        if (code.Body is { } body)
        {
            operation["requestBody"] = new JsonObject
            {
                ["description"] = body.Expected ?? "JSON.",
                ["required"] = true,
                ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = SchemaOf(body.Type, body.Context, service.Contexts) } },
            };
        }
        else if (code.ReadsBytes)
        {
            operation["requestBody"] = new JsonObject { ["content"] = new JsonObject { ["*/*"] = new JsonObject() } };
        }

        operation["responses"] = Responses(route, code, service.Contexts);
        return operation;
    }

    private static JsonArray Parameters(ApiRoute route, CodeOfRoute code)
    {
        var parameters = new JsonArray();
        foreach (var name in PathParameter().Matches(route.Path).Select(match => match.Groups[1].Value))
            parameters.Add(Parameter(name, "path", new JsonObject { ["type"] = "string" }));
        foreach (var name in code.Query.Distinct())
            parameters.Add(Parameter(name, "query", new JsonObject { ["type"] = "string" }));
        // A document must not describe these as parameters.
        foreach (var name in code.Headers.Distinct(StringComparer.OrdinalIgnoreCase).Except(["Accept", "Authorization", "Content-Type", Trace.Header], StringComparer.OrdinalIgnoreCase))
            parameters.Add(Parameter(name, "header", new JsonObject { ["type"] = "string" }));
        parameters.Add(Reference("parameters", "TraceId"));
        return parameters;

        static JsonObject Parameter(string name, string place, JsonObject schema)
        {
            var parameter = new JsonObject { ["name"] = name, ["in"] = place };
            if (place == "path")
                parameter["required"] = true;
            parameter["schema"] = schema;
            return parameter;
        }
    }

    private JsonObject Responses(ApiRoute route, CodeOfRoute code, List<JsonSerializerContext> contexts)
    {
        var described = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var answers in code.Answers.GroupBy(answer => answer.Status))
        {
            var response = new JsonObject { ["description"] = answers.Key is { } status ? TitleOf(status) : "Another answer." };
            response["headers"] = new JsonObject(answers.SelectMany(answer => answer.Headers).Except([Trace.Header], StringComparer.OrdinalIgnoreCase)
                .Select(name => KeyValuePair.Create(name, (JsonNode?)new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } }))
                .Append(KeyValuePair.Create(Trace.Header, (JsonNode?)Reference("headers", "TraceId"))));
            var content = new JsonObject();
            foreach (var ofType in answers.SelectMany(answer => answer.Content).GroupBy(body => body.Key))
            {
                var bodies = ofType.Select(body => body.Value).OfType<(Type Type, Type? Context)>().DistinctBy(body => body.Type)
                    .Select(body => (JsonNode?)SchemaOf(body.Type, body.Context, contexts)).ToList();
                content[ofType.Key] = bodies.Count switch
                {
                    0 => new JsonObject(),
                    1 => new JsonObject { ["schema"] = bodies[0] },
                    _ => new JsonObject { ["schema"] = new JsonObject { ["oneOf"] = new JsonArray([.. bodies]) } },
                };
            }

            if (content.Count > 0)
                response["content"] = content;
            described[$"{answers.Key}" is { Length: > 0 } number ? number : "default"] = response;
        }

        // What the route answers before and behind its handler: ApiRoute, and API Gateway.
        (int? Status, string? Code)[] always = [(429, null), (500, "internal_error"), (503, "dependency_unavailable")];
        (int? Status, string? Code)[] guard = route.Access == Access.Anyone ? [] : [(401, "not_signed_in"), (401, "expired"), (403, null)];
        foreach (var problems in guard.Concat(code.Problems).Concat(always).GroupBy(problem => $"{problem.Status}" is { Length: > 0 } number ? number : "default"))
            described[problems.Key] = RefusalOf(problems.First().Status, [.. problems.Select(problem => problem.Code).OfType<string>().Distinct()], contexts);
        return new JsonObject(described.Select(response => KeyValuePair.Create(response.Key, (JsonNode?)response.Value)));
    }

    private JsonObject RefusalOf(int? status, List<string> codes, List<JsonSerializerContext> contexts)
    {
        // Of requests that are refused before the function, or that it could not answer, API Gateway has an answer of its own.
        var (name, description) = status is { } number && Refusals.TryGetValue(number, out var refusal) ? refusal : ("Problem", "The reason is in the code, for programs, and in the detail, for people.");
        if (!responses.ContainsKey(name))
        {
            var headers = new JsonObject();
            if (status != 429)
                headers[Trace.Header] = Reference("headers", "TraceId");
            if (status == 401)
                headers["WWW-Authenticate"] = new JsonObject { ["description"] = "Bearer.", ["schema"] = new JsonObject { ["type"] = "string" } };
            if (status == 503)
                headers["Retry-After"] = new JsonObject { ["description"] = "Seconds.", ["schema"] = new JsonObject { ["type"] = "string" } };
            var content = new JsonObject();
            if (status != 429)
                content["application/problem+json"] = new JsonObject { ["schema"] = SchemaOf(typeof(Problem), null, contexts) };
            if (name != "Problem")
            {
                content["application/json"] = new JsonObject { ["schema"] = Reference("schemas", "GatewayMessage") };
                schemas["GatewayMessage"] ??= new JsonObject
                {
                    ["description"] = "What API Gateway answers by itself.",
                    ["type"] = "object",
                    ["properties"] = new JsonObject { ["message"] = new JsonObject { ["type"] = "string" } },
                    ["required"] = new JsonArray("message"),
                };
            }

            var response = new JsonObject { ["description"] = description };
            if (headers.Count > 0)
                response["headers"] = headers;
            response["content"] = content;
            responses[name] = response;
        }

        var reference = Reference("responses", name);
        if (codes.Count > 0)
            reference["description"] = string.Join(", ", codes);
        return reference;
    }

    private JsonObject Scheme(string name)
    {
        securitySchemes[name] ??= name == "iam"
            ? new JsonObject
            {
                ["type"] = "apiKey",
                ["name"] = "Authorization",
                ["in"] = "header",
                ["description"] = "AWS Signature Version 4, with credentials of the identity pool. The host on Kestrel takes a token instead: Bearer <token>.",
                ["x-amazon-apigateway-authtype"] = "awsSigv4",
            }
            : new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["bearerFormat"] = "JWT" };
        return new JsonObject { [name] = new JsonArray() };
    }

    /// <summary>A reference to the schema of a type, which is described with all the types in it.</summary>
    private JsonNode SchemaOf(Type type, Type? context, List<JsonSerializerContext> contexts)
    {
        var contract = contexts.Where(one => context is null || one.GetType() == context).Select(one => one.GetTypeInfo(type)).FirstOrDefault(found => found is not null)
            ?? throw new InvalidOperationException($"No JsonSerializerContext of the service has the type {type}. Add [JsonSerializable(typeof({type.Name}))] to one.");
        return contract.Kind == JsonTypeInfoKind.Object ? Describe(contract) : Export(contract);
    }

    private JsonObject Describe(JsonTypeInfo contract)
    {
        var name = contract.Type.Name.Split('`')[0] + string.Concat(contract.Type.GetGenericArguments().Select(argument => argument.Name));
        if (contracts.TryAdd(name, contract))
        {
            schemas[name] = null;
            schemas[name] = Export(contract);
        }

        return contracts[name].Type == contract.Type
            ? Reference("schemas", name)
            : throw new InvalidOperationException($"Two types of the API are called {name}: {contracts[name].Type} and {contract.Type}. A document has one schema of a name. Rename one of them.");
    }

    private JsonNode Export(JsonTypeInfo contract) => contract.GetJsonSchemaAsNode(new JsonSchemaExporterOptions
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, schema) =>
        {
            var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
            if (context.TypeInfo.Kind == JsonTypeInfoKind.Object && !context.Path.IsEmpty)
            {
                var isNullable = schema is JsonObject inner && inner["type"] is JsonArray kinds && kinds.Any(kind => (string?)kind == "null");
                var reference = Describe(context.TypeInfo);
                return isNullable ? new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) } : reference;
            }

            if (type.IsEnum)
            {
                // A converter of the service's own says nothing about itself, but it writes each value.
                var values = Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(value => JsonSerializer.SerializeToNode(Enum.ToObject(type, value), contract.Options.GetTypeInfo(type))).ToList();
                if (values.All(value => value?.GetValueKind() == JsonValueKind.String))
                    return type == context.TypeInfo.Type
                        ? new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. values]) }
                        : new JsonObject { ["type"] = new JsonArray("string", "null"), ["enum"] = new JsonArray([.. values, null]) };
            }

            if (schema is JsonObject number && Type.GetTypeCode(type) is TypeCode.Int32 or TypeCode.Int64 or TypeCode.Single or TypeCode.Double && !type.IsEnum)
                number["format"] = Type.GetTypeCode(type) switch { TypeCode.Int32 => "int32", TypeCode.Int64 => "int64", TypeCode.Single => "float", _ => "double" };
            return schema;
        },
    });

    /// <summary>What is only answered may get further members, and has all that it has today; what is asked for is read by its contract.</summary>
    private void RelaxAnswers(JsonObject paths)
    {
        var asked = new HashSet<string>();
        void Collect(JsonNode? node)
        {
            foreach (var (name, value) in node as JsonObject ?? [])
            {
                if (name == "$ref" && $"{value}".Split('/') is [_, _, "schemas", var schema] && asked.Add(schema))
                    Collect(schemas[schema]);
                Collect(value);
            }

            foreach (var item in node as JsonArray ?? [])
                Collect(item);
        }

        foreach (var operation in paths.SelectMany(path => path.Value!.AsObject()))
            Collect(operation.Value!["requestBody"]);
        foreach (var (name, contract) in contracts.Where(schema => !asked.Contains(schema.Key)))
        {
            var schema = schemas[name]!.AsObject();
            schema.Remove("additionalProperties");
            var ignored = contract.Options.DefaultIgnoreCondition;
            schema["required"] = new JsonArray([.. contract.Properties
                .Where(property => property.Get is not null && property.ShouldSerialize is null)
                .Where(property => ignored == JsonIgnoreCondition.Never || (ignored == JsonIgnoreCondition.WhenWritingNull && !property.IsGetNullable))
                .Select(property => (JsonNode?)property.Name)]);
            foreach (var property in contract.Properties.Where(property => property.Get is not null && !property.IsGetNullable))
            {
                // A property that cannot be set counts as one that could be set to null.
                if (schema["properties"]?[property.Name] is JsonObject described && described["type"] is JsonArray kinds && kinds.SingleOrDefault(kind => (string?)kind != "null") is { } only)
                    described["type"] = only.DeepClone();
            }
        }
    }

    private static JsonObject Reference(string kind, string name) => new() { ["$ref"] = $"#/components/{kind}/{name}" };

    private static IEnumerable<JsonSerializerContext> ContextsOf(Assembly assembly) =>
        assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(JsonSerializerContext))).Select(type => (JsonSerializerContext)type.GetProperty("Default")!.GetValue(null)!);

    // GET /teams/{id}/members: getTeamsIdMembers.
    private static string NameOf(ApiRoute route) =>
        route.Method.ToLowerInvariant() + string.Concat(Word().Matches(route.Path).Select(word => char.ToUpperInvariant(word.Value[0]) + word.Value[1..]));

    private static string TitleOf(int status) => status switch
    {
        204 => "Done.",
        _ => Enum.IsDefined((HttpStatusCode)status) ? $"{Regex.Replace(((HttpStatusCode)status).ToString(), "(?<=[a-z])(?=[A-Z])", " ")}." : $"{status}.",
    };

    /// <summary>Carries over what a person has added, and the order in which they name the codes of a problem.</summary>
    private static void Keep(JsonNode? written, JsonNode? document, bool isMap)
    {
        if (written is JsonArray were && document is JsonArray are)
        {
            foreach (var item in are.OfType<JsonObject>())
                Keep(were.OfType<JsonObject>().FirstOrDefault(other => item["name"] is { } name && JsonNode.DeepEquals(name, other["name"]) && JsonNode.DeepEquals(item["in"], other["in"])), item, isMap: false);
        }

        if (written is not JsonObject was || document is not JsonObject now)
            return;
        foreach (var (name, value) in was)
        {
            if (now[name] is JsonValue && !isMap && (name is "operationId" or "summary" || (name == "description" && HasSameWords(value, now[name]))))
                now[name] = value?.DeepClone();
            else if (now.ContainsKey(name))
                Keep(value, now[name], isMap: !isMap && Array.IndexOf(Maps, name) >= 0);
            else if (!isMap && (Array.IndexOf(Additions, name) >= 0 || name.StartsWith("x-", StringComparison.Ordinal)))
                now[name] = value?.DeepClone();
        }
    }

    private static bool HasSameWords(JsonNode? one, JsonNode? other) =>
        one is JsonValue && $"{one}".Split(", ").ToHashSet().SetEquals($"{other}".Split(", "));

    [GeneratedRegex(@"\{(\w+)\+?\}")]
    private static partial Regex PathParameter();

    [GeneratedRegex(@"[A-Za-z0-9]+")]
    private static partial Regex Word();
}
