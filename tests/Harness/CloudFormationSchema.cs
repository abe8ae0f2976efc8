using System.Text.Json.Nodes;

namespace Serverless.Templates.Tests;

/// <summary>The schema of every CloudFormation resource type.</summary>
public static class CloudFormationSchema
{
    /// <summary>Holds compiled templates against it.</summary>
    /// <param name="paths">The templates' files.</param>
    /// <returns>What is wrong in each file, a sentence each.</returns>
    public static async Task<JsonObject> CheckAsync(params string[] paths)
    {
        var script = Repository.PathOf("tests", "node", "check-cloudformation.mjs");
        var check = (await Command.Run(Command.PathOf("node"), [script, .. paths], await NodeModules.Folder)).Succeeded();
        return JsonNode.Parse(check.Output)!.AsObject();
    }
}
