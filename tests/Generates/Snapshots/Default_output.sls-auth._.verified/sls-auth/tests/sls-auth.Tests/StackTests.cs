using System.Text.Json.Nodes;
using sls_auth.Users;
using Serverless;

namespace sls_auth.Tests;

public sealed class StackTests : DeploymentTest
{
    [Fact]
    public void Has_one_pool_with_the_trigger_and_its_permission()
    {
        var (id, pool) = Assert.Single(Deployed.Of("AWS::Cognito::UserPool"));

        Assert.Equal("""{"Fn::GetAtt":["PostConfirmationLambdaFunction","Arn"]}""", pool["LambdaConfig"]!["PostConfirmation"]!.ToJsonString());
        Assert.Contains(
            Deployed.Of("AWS::Lambda::Permission"),
            permission => (string?)permission.Value["Principal"] == "cognito-idp.amazonaws.com"
                && permission.Value.ToJsonString().Contains("PostConfirmationLambdaFunction", StringComparison.Ordinal)
                && permission.Value.ToJsonString().Contains(id, StringComparison.Ordinal));
    }

    [Fact]
    public void Has_the_routes_of_the_table_each_with_its_guard_and_no_others()
    {
        var table = Api.Routes(new Lazy<UsersTable>(() => throw new InvalidOperationException("No request, no table.")));

        Assert.Equal(table.Select(route => (route.Key, route.Function, route.Access)).Order(), Deployed.Routes().Order());
    }

    [Fact]
    public void Asks_for_a_scope_where_the_built_in_authorizer_verifies()
    {
        Assert.All(
            Deployed.Of("AWS::ApiGatewayV2::Route").Where(route => (string?)route.Value["AuthorizationType"] == "JWT"),
            route => Assert.NotEmpty(route.Value["AuthorizationScopes"]!.AsArray()));
    }

    [Fact]
    public void Lets_no_one_in_unguarded_to_the_routes_of_its_own() =>
        Assert.DoesNotContain(
            Api.Routes(new Lazy<UsersTable>(() => throw new InvalidOperationException("No request, no table."))).Except(AddedRoutes.All),
            route => route.Access == Access.Anyone);

    [Fact]
    public void Gives_every_function_a_role_of_its_need()
    {
        string RoleOf(string function) => (string)Deployed.Resources[$"{function}LambdaFunction"]!["Properties"]!["Role"]!["Fn::GetAtt"]![0]!;

        Assert.Equal("PostConfirmationRole", RoleOf("PostConfirmation"));
        Assert.Equal("FunctionsRole", RoleOf("Me"));
        Assert.DoesNotContain("dynamodb", Deployed.Resources["AuthorizerRole"]?.ToJsonString() ?? "", StringComparison.Ordinal);
        Assert.Equal("\"dynamodb:UpdateItem\"", Deployed.Resources["PostConfirmationRole"]!["Properties"]!["Policies"]![1]!["PolicyDocument"]!["Statement"]![0]!["Action"]!.ToJsonString());
    }

    [Fact]
    public void Tells_the_other_stacks_what_they_need()
    {
        var names = Deployed.Of("AWS::SSM::Parameter").Select(parameter => ((string)parameter.Value["Name"]!).Split('/')).ToList();

        Assert.All(names, name => Assert.Equal(("", "auth", 5), (name[0], name[3], name.Length)));
        string[] expected =
        [
            .. Deployed.Resources.ContainsKey("AuthorizerLambdaFunction") ? ["authorizer-arn"] : Array.Empty<string>(),
            .. Deployed.Resources.ContainsKey("IdentityPool") ? ["identity-pool-id", "signed-in-role"] : Array.Empty<string>(),
            "issuer",
            "user-pool-client-id",
            "user-pool-id",
        ];
        Assert.Equal(expected.Order(), names.Select(name => name[4]).Order());
    }

    [Fact]
    public async Task Keeps_pool_and_table_unless_the_stage_is_thrown_away()
    {
        var passing = await Deployment.PackageAsync("--stage", "pr-7", "--param", "userData=delete");

        foreach (var (of, policy, protection) in new[] { (Deployed, "Retain", true), (passing, "Delete", false) })
        {
            var pool = of.Resources["CognitoUserPoolMain"]!;
            var table = of.Resources["UsersTable"]!;
            Assert.Equal((policy, policy), ((string)pool["DeletionPolicy"]!, (string)table["DeletionPolicy"]!));
            Assert.Equal(protection ? "ACTIVE" : "INACTIVE", (string)pool["Properties"]!["DeletionProtection"]!);
            Assert.Equal(protection, (bool)table["Properties"]!["DeletionProtectionEnabled"]!);
        }

        Assert.All(passing.Of("AWS::Logs::SubscriptionFilter"), filter => Assert.NotEmpty((string)filter.Value["DestinationArn"]!));
    }
}
