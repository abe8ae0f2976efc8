using sls_function.Orders;

namespace sls_function.Tests;

/// <summary>What holds for the CloudFormation of this service, beside what holds for that of every one.</summary>
public sealed class ResourcesTests : DeploymentTest
{
    [Fact]
    public void Raises_an_alarm_when_something_fails()
    {
        string[] metrics =
        [
            "AWS/ApiGateway 5xx",
        ];

        Assert.Equal(metrics.Order(), Deployed.Of("AWS::CloudWatch::Alarm").Select(alarm => $"{alarm.Value["Namespace"]} {alarm.Value["MetricName"]}").Order());
    }

    [Fact]
    public void Keeps_the_tables_and_buckets_of_its_own_when_the_stack_is_removed()
    {
        // The framework's bucket for deployments goes with the stack.
        var kept = Deployed.Of("AWS::DynamoDB::Table").Concat(Deployed.Of("AWS::S3::Bucket")).Select(resource => resource.Key).Where(id => id != "ServerlessDeploymentBucket");

        Assert.All(kept, id => Assert.Equal("Retain", (string)Deployed.Resources[id]!["DeletionPolicy"]!));
    }

    [Fact]
    public void Gives_every_function_a_role_of_its_own()
    {
        var roles = Deployed.Of("AWS::Lambda::Function").Select(function => function.Value["Role"]!.ToJsonString()).ToList();

        Assert.Equal(roles.Distinct(), roles);
    }

    [Fact]
    public void Has_the_routes_of_the_table_each_with_its_guard_and_no_others()
    {
        var table = Api.Routes(new Lazy<OrdersTable>(() => throw new InvalidOperationException("No request, no table.")));

        Assert.Equal(table.Select(route => (route.Key, route.Function, route.Access)).Order(), Deployed.Routes().Order());
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
