using sls_function.Orders;

namespace sls_function.Tests;

/// <summary>What holds for the CloudFormation of this service, beside what holds for that of every one.</summary>
public sealed class ResourcesTests : DeploymentTest
{
    [Fact]
    public void Raises_an_alarm_when_something_fails() => Assert.NotEmpty(Deployed.Of("AWS::CloudWatch::Alarm"));

    [Fact]
    public void Keeps_the_tables_when_the_stack_is_removed() =>
        Assert.All(Deployed.Of("AWS::DynamoDB::Table"), table => Assert.Equal("Retain", (string)Deployed.Resources[table.Key]!["DeletionPolicy"]!));

    [Fact]
    public void Has_the_routes_of_the_table_each_with_its_guard_and_no_others()
    {
        var routes = Deployed.Of("AWS::ApiGatewayV2::Route").Select(route => (
            Key: (string)route.Value["RouteKey"]!,
            Function: FunctionBehind(route.Value),
            Access: (string?)route.Value["AuthorizationType"] switch { null or "NONE" => Access.Anyone, "AWS_IAM" => Access.Iam, _ => Access.Token }));

        var table = Api.Routes(new Lazy<OrdersTable>(() => throw new InvalidOperationException("No request, no table.")));

        Assert.Equal(table.Select(route => (route.Key, route.Function, route.Access)).Order(), routes.Order());
    }

    private string FunctionBehind(System.Text.Json.Nodes.JsonNode route)
    {
        var integration = Deployed[route["Target"]!["Fn::Join"]![1]!.AsArray().Last()!["Ref"]!.ToString()];
        var function = Deployed[integration["IntegrationUri"]!["Fn::GetAtt"]![0]!.ToString()];
        return (string?)function["Environment"]?["Variables"]?["SERVICE_FUNCTION"] ?? (string)function["Handler"]!;
    }

    [Fact]
    public void Asks_the_ventures_authorizer_and_may_invoke_it()
    {
        var (_, authorizer) = Assert.Single(Deployed.Of("AWS::ApiGatewayV2::Authorizer"));

        Assert.Equal(("REQUEST", "2.0", true, 300), ((string)authorizer["AuthorizerType"]!, (string)authorizer["AuthorizerPayloadFormatVersion"]!, (bool)authorizer["EnableSimpleResponses"]!, (int)authorizer["AuthorizerResultTtlInSeconds"]!));
        Assert.Contains(AuthParameter("authorizer-arn"), authorizer["AuthorizerUri"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains(Deployed.Of("AWS::Lambda::Permission"), permission => permission.Value["FunctionName"]!.ToJsonString().Contains(AuthParameter("authorizer-arn"), StringComparison.Ordinal));
    }

    private static string AuthParameter(string name) => $"/auth/{name}}}}}";
}
