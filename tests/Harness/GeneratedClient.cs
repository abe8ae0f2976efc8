using System.Net.Http.Headers;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;
using Xunit.Sdk;

namespace Serverless.Templates.Tests;

/// <summary>A client in C# that NSwag has made of the document which a service serves, compiled and ready to call it.</summary>
public sealed class GeneratedClient : IDisposable
{
    private readonly HttpClient http = new();
    private readonly Assembly assembly;

    private GeneratedClient(Assembly assembly, Uri service, string token)
    {
        this.assembly = assembly;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        Call = New("Client", http);
        Call.BaseUrl = service.ToString();
    }

    /// <summary>The client: a method for each operation.</summary>
    public dynamic Call { get; }

    /// <summary>Makes a client of <c>/openapi.json</c>.</summary>
    public static async Task<GeneratedClient> OfAsync(Uri service, string token)
    {
        using var http = new HttpClient();
        var document = await OpenApiDocument.FromJsonAsync(await http.GetStringAsync(new Uri(service, "/openapi.json")));
        var settings = new CSharpClientGeneratorSettings { ClassName = "Client", InjectHttpClient = true, GenerateOptionalParameters = true };
        settings.CSharpGeneratorSettings.Namespace = "Generated";
        settings.CSharpGeneratorSettings.JsonLibrary = NJsonSchema.CodeGeneration.CSharp.CSharpJsonLibrary.SystemTextJson;
        settings.CSharpGeneratorSettings.GenerateNullableReferenceTypes = true;
        var code = new CSharpClientGenerator(document, settings).GenerateFile();

        var libraries = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal));
        using var bytes = new MemoryStream();
        var compiled = CSharpCompilation.Create(
            $"Client{Guid.NewGuid():n}", [CSharpSyntaxTree.ParseText(code)], libraries.Select(path => MetadataReference.CreateFromFile(path)), new(OutputKind.DynamicallyLinkedLibrary)).Emit(bytes);
        var errors = compiled.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).ToList();
        return compiled.Success ? new(Assembly.Load(bytes.ToArray()), service, token) : throw new XunitException($"{string.Join('\n', errors)}\n{code}");
    }

    /// <summary>Makes an object of one of the client's types, such as a body.</summary>
    public dynamic New(string type, params object[] arguments) => Activator.CreateInstance(assembly.GetType($"Generated.{type}", throwOnError: true)!, arguments)!;

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();
}
