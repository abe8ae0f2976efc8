using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Serverless.Templates.Tests;

/// <summary>A statement of a policy: actions on resources, whose names may hold <c>*</c>.</summary>
public sealed record RoleStatement(string Name, IReadOnlyList<string> Actions, IReadOnlyList<string> Resources)
{
    /// <summary>Whether it allows the action, on some resource.</summary>
    public bool Names(string action) => Actions.Contains(action, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether it allows the action on a resource.</summary>
    public bool Allows(string action, string arn) =>
        Names(action) && Resources.Any(pattern => Regex.IsMatch(arn, $"^{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)}$"));
}

/// <summary>The role of templates/venture/deploy/github-role.yml, as it is in the account 123456789012 for a venture and a stage.</summary>
public sealed class DeployRole
{
    private readonly Func<string, string> resolve;

    private DeployRole(YamlNode template, Func<string, string> resolve)
    {
        this.resolve = resolve;
        Template = (YamlMappingNode)template;
        Statements = [.. Resources("AWS::IAM::ManagedPolicy").SelectMany(policy => ((YamlSequenceNode)policy["Properties"]["PolicyDocument"]["Statement"]).Select(ReadStatement))];
    }

    /// <summary>The path of the template.</summary>
    public static string TemplatePath { get; } = Repository.PathOf("templates", "venture", "deploy", "github-role.yml");

    /// <summary>The template.</summary>
    public YamlMappingNode Template { get; }

    /// <summary>What the role may do.</summary>
    public IReadOnlyList<RoleStatement> Statements { get; }

    /// <summary>The subjects of the tokens that may assume the role, the repository being acme/shop.</summary>
    /// <param name="preview">Whether the stage is the pull requests'.</param>
    public string SubjectFor(bool preview)
    {
        var condition = Resources("AWS::IAM::Role").Single()["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"];
        var names = ((YamlMappingNode)condition).Children.Select(child => child.Key.ToString());
        if (names.SingleOrDefault() is not "StringEquals")
            throw new InvalidDataException($"The role is assumed under the conditions {string.Join(", ", names)}: only StringEquals leaves no room.");
        var choice = condition["StringEquals"]["token.actions.githubusercontent.com:sub"]["Fn::If"];
        return resolve(choice[preview ? 1 : 2]["Fn::Sub"].ToString());
    }

    /// <summary>Reads the role for a stage of the venture acme.</summary>
    /// <param name="text">The template; default: as it is.</param>
    public static DeployRole Read(string stage, string? text = null)
    {
        var values = new Dictionary<string, string>
        {
            ["AWS::Partition"] = "aws", ["AWS::Region"] = "ap-southeast-2", ["AWS::AccountId"] = "123456789012", ["Stage"] = stage, ["Subject"] = "repo:acme@1/shop@2",
        };
        return new DeployRole(
            OutputChecks.ReadYaml((text ?? File.ReadAllText(TemplatePath)).Replace("__appName__", "acme", StringComparison.Ordinal)),
            name => Regex.Replace(name, @"\$\{([^}]+)\}", match => values[match.Groups[1].Value]));
    }

    private IEnumerable<YamlMappingNode> Resources(string type) =>
        ((YamlMappingNode)Template["Resources"]).Children.Values.OfType<YamlMappingNode>().Where(resource => resource["Type"].ToString() == type);

    private RoleStatement ReadStatement(YamlNode statement) =>
        new(statement["Sid"].ToString(), [.. Texts(statement["Action"])], [.. Texts(statement["Resource"]).Select(resolve)]);

    private static IEnumerable<string> Texts(YamlNode node) => node switch
    {
        YamlSequenceNode list => list.SelectMany(Texts),
        YamlMappingNode function => [function["Fn::Sub"].ToString()],
        _ => [node.ToString()],
    };
}
