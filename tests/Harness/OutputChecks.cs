using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Serverless.Templates.Tests;

/// <summary>What holds for every generated service, whatever was chosen.</summary>
public static partial class OutputChecks
{
    /// <summary>What is wrong with a service: a sentence for each fault, naming the file.</summary>
    public static IEnumerable<string> Faults(GeneratedService service) =>
        service.Files.SelectMany(file => Faults(service, file).Select(fault => $"{file}: {fault}")).Concat(MissingProjects(service));

    /// <summary>Reads a YAML file.</summary>
    /// <exception cref="YamlException">It is none, or has a key twice.</exception>
    public static YamlNode ReadYaml(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents.Single().RootNode;
    }

    private static IEnumerable<string> Faults(GeneratedService service, string file)
    {
        foreach (var token in Tokens(service).Where(file.Contains))
            yield return $"the path holds {token}";
        foreach (Match token in EntityLike().Matches(file))
            yield return $"the path holds {token.Value}";

        // Names of methods as the compiler writes them: System.__Canon stands in them for any class.
        if (file.EndsWith("/start-methods.txt", StringComparison.Ordinal))
            yield break;

        var text = service.Read(file);
        foreach (var token in Tokens(service).Where(text.Contains))
            yield return $"{token} is left in it";
        foreach (Match token in TokenLike().Matches(text).Where(token => !service.ProjectName.Replace('-', '_').Contains(token.Value, StringComparison.Ordinal)))
            yield return $"{token.Value} is left in it";
        foreach (Match token in EntityLike().Matches(text))
            yield return $"{token.Value} is left in it";
        foreach (Match directive in Directive().Matches(text))
            yield return $"the directive {directive.Value.Trim()} is left in it";
        if (ParseError(file, text) is { } error)
            yield return error;
    }

    // A service whose own name holds a token rightly keeps it.
    private static IEnumerable<string> Tokens(GeneratedService service) =>
        service.Template.Tokens.Append("Company.")
            .Where(token => !$"{service.ProjectName}.".Contains(token.StartsWith("Company.", StringComparison.Ordinal) ? "Company." : token, StringComparison.Ordinal));

    private static string? ParseError(string file, string text)
    {
        try
        {
            switch (Path.GetExtension(file))
            {
                case ".yml" or ".yaml":
                    ReadYaml(text);
                    break;
                case ".json":
                    JsonDocument.Parse(text).Dispose();
                    break;
                case ".csproj" or ".props" or ".targets" or ".slnx" or ".config" or ".xml":
                    XDocument.Parse(text);
                    break;
            }
            return null;
        }
        catch (Exception e) when (e is YamlException or JsonException or XmlException)
        {
            return $"it does not parse: {e.Message}";
        }
    }

    private static IEnumerable<string> MissingProjects(GeneratedService service)
    {
        // A service of a venture is in the venture's solution.
        if (!service.Files.Contains($"{service.ProjectName}.slnx"))
            return [];
        var listed = XDocument.Load(service.PathOf($"{service.ProjectName}.slnx")).Descendants("Project").Select(project => project.Attribute("Path")!.Value).ToList();
        var there = service.Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)).ToList();
        return listed.Except(there).Select(path => $"{service.ProjectName}.slnx: {path} does not exist")
            .Concat(there.Except(listed).Select(path => $"{service.ProjectName}.slnx: {path} is missing"));
    }

    // What the template engine takes for a directive, in any of the files' languages.
    [GeneratedRegex(@"^[ \t]*(//|--|<!--)?#(if|elseif|elif|else|endif)\b.*$", RegexOptions.Multiline)]
    private static partial Regex Directive();

    // The entity of sls-function is replaced in each of its forms.
    [GeneratedRegex("(?i)trade[ _-]?item")]
    private static partial Regex EntityLike();

    [GeneratedRegex(@"__[A-Za-z][A-Za-z0-9]*__")]
    private static partial Regex TokenLike();
}
