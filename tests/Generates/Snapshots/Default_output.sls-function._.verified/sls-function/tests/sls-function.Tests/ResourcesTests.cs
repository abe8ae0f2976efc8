namespace sls_function.Tests;

using Orders;

/// <summary>What holds for the CloudFormation of this service, beside what holds for that of every one.</summary>
public sealed class ResourcesTests : DeploymentTest
{
    [Fact]
    public void Raises_an_alarm_when_something_fails()
    {
        string[] metrics =
        [
            "ApiFailures",
        ];

        Assert.Equal(metrics.Order(), Deployed.Of("AWS::CloudWatch::Alarm").Select(alarm => NameOf(alarm.Value)).Order());

        // AWS's own metrics with their namespace, the service's own without.
        static string NameOf(System.Text.Json.Nodes.JsonNode alarm) =>
            alarm["Namespace"]!.ToString() is var name && name.StartsWith("AWS/", StringComparison.Ordinal) ? $"{name} {alarm["MetricName"]}" : alarm["MetricName"]!.ToString();
    }

    [Fact]
    public void Keeps_the_tables_and_buckets_of_its_own_when_the_stack_is_removed()
    {
        // The framework's bucket for deployments goes with the stack.
        var kept = Deployed.Of("AWS::DynamoDB::Table").Concat(Deployed.Of("AWS::S3::Bucket")).Select(resource => resource.Key).Where(id => id != "ServerlessDeploymentBucket");

        Assert.All(kept, id => Assert.Equal("RetainExceptOnCreate", (string)Deployed.Resources[id]!["DeletionPolicy"]!));
    }

    [Fact]
    public void Has_the_routes_of_the_table_each_with_its_guard_and_no_others()
    {
        var table = Api.Routes(new Lazy<OrdersTable>(() => throw new InvalidOperationException("No request, no table.")));

        Assert.Equal(table.Select(route => (route.Key, route.Function, route.Access)).Order(), Deployed.Routes().Order());
    }

    [Fact]
    public void Asks_the_authorizer_that_the_auth_service_publishes_and_permits_nothing_on_it_itself()
    {
        var (_, authorizer) = Assert.Single(Deployed.Of("AWS::ApiGatewayV2::Authorizer"));

        Assert.Equal(("REQUEST", "2.0", true, 300), ((string)authorizer["AuthorizerType"]!, (string)authorizer["AuthorizerPayloadFormatVersion"]!, (bool)authorizer["EnableSimpleResponses"]!, (int)authorizer["AuthorizerResultTtlInSeconds"]!));
        Assert.Contains("""{"Ref":"AuthorizerArn"}""", authorizer["AuthorizerUri"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.EndsWith("/auth/authorizer-arn", Deployed.ParameterStorePath("AuthorizerArn"), StringComparison.Ordinal);
        Assert.All(Deployed.Of("AWS::Lambda::Permission"), permission => Assert.Contains(permission.Value["FunctionName"]!["Fn::GetAtt"]![0]!.ToString(), Deployed.Resources.Select(resource => resource.Key)));
    }
}
