namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier.Commands;

/// <summary>What became of a <c>dotnet new</c>.</summary>
public interface IInstantiationResult
{
    int ExitCode { get; }

    string StdOut { get; }

    string StdErr { get; }

    string InstantiatedContentDirectory { get; }
}
