using System.Text.Json.Nodes;

namespace Serverless.Testing;

/// <summary>The routes of the CloudFormation, to be held against those of the service's table.</summary>
public static class DeployedRoutes
{
    /// <summary>Each route's key, the function behind it, and who may call it.</summary>
    public static IEnumerable<(string Key, string Function, Access Access)> Routes(this Deployment deployed)
    {
        ArgumentNullException.ThrowIfNull(deployed);
        return deployed.Of("AWS::ApiGatewayV2::Route").Select(route => ((string)route.Value["RouteKey"]!, FunctionBehind(deployed, route.Value), AccessTo(route.Value)));
    }

    private static string FunctionBehind(Deployment deployed, JsonNode route)
    {
        var integration = deployed[route["Target"]!["Fn::Join"]![1]!.AsArray().Last()!["Ref"]!.ToString()];
        var function = deployed[integration["IntegrationUri"]!["Fn::GetAtt"]![0]!.ToString()];
        return (string?)function["Environment"]?["Variables"]?["SERVICE_FUNCTION"] ?? (string)function["Handler"]!;
    }

    private static Access AccessTo(JsonNode route) => (string?)route["AuthorizationType"] switch
    {
        null or "NONE" => Access.Anyone,
        "AWS_IAM" => Access.Iam,
        "CUSTOM" or "JWT" => Access.Token,
        var other => throw new InvalidDataException($"The AuthorizationType is {other}; expected CUSTOM, JWT, AWS_IAM or NONE."),
    };
}
