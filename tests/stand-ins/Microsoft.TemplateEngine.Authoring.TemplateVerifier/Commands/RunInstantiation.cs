using System.Threading.Tasks;

namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier.Commands;

/// <summary>Makes a template's output in place of <c>dotnet new</c>.</summary>
public delegate Task<IInstantiationResult> RunInstantiation(TemplateVerifierOptions options);
