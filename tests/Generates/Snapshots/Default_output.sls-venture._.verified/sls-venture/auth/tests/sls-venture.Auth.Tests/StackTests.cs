using System.Text.Json.Nodes;
using sls_venture.Auth.Users;

namespace sls_venture.Auth.Tests;

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
        var table = Api.Routes(new Lazy<UsersTable>(() => throw new InvalidOperationException("No request, no table.")), new Lazy<UserPool>(() => throw new InvalidOperationException("No request, no pool.")));

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
            Api.Routes(new Lazy<UsersTable>(() => throw new InvalidOperationException("No request, no table.")), new Lazy<UserPool>(() => throw new InvalidOperationException("No request, no pool."))).Except(AddedRoutes.All),
            route => route.Access == Access.Anyone);

    [Fact]
    public void Gives_every_function_a_role_of_its_need()
    {
        string RoleOf(string function) => (string)Deployed.Resources[$"{function}LambdaFunction"]!["Properties"]!["Role"]!["Fn::GetAtt"]![0]!;

        Assert.Equal("PostConfirmationRole", RoleOf("PostConfirmation"));
        Assert.All(
            Deployed.Of("AWS::Lambda::Function").Select(function => function.Key[..^"LambdaFunction".Length]),
            function => Assert.Equal($"{function}Role", RoleOf(function)));
        (string[] readers, string[] writes) = (["Hello", "World", "GetTeam"], ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"]);
        Assert.All(
            readers.Select(function => Deployed[$"{function}Role"].ToJsonString()),
            role => Assert.DoesNotContain(writes, action => role.Contains($"dynamodb:{action}", StringComparison.Ordinal)));
        // Only an operator, with AWS credentials, may appoint an admin.
        Assert.DoesNotContain(Deployed.Routes(), route => route.Function == "appointAdmin");
        Assert.DoesNotContain(Deployed.Of("AWS::Lambda::Permission"), permission => permission.Value.ToJsonString().Contains("AppointAdmin", StringComparison.Ordinal));
        Assert.DoesNotContain("dynamodb", Deployed.Resources["AuthorizerRole"]?.ToJsonString() ?? "", StringComparison.Ordinal);
        Assert.Equal("\"dynamodb:UpdateItem\"", Deployed.Resources["PostConfirmationRole"]!["Properties"]!["Policies"]![1]!["PolicyDocument"]!["Statement"]![0]!["Action"]!.ToJsonString());
    }

    [Fact]
    public void Tells_the_functions_behind_iam_whose_users_may_come()
    {
        Assert.All(Deployed.Routes().Where(route => route.Access == Access.Iam), route =>
        {
            var variables = Deployed[$"{char.ToUpperInvariant(route.Function[0])}{route.Function[1..]}LambdaFunction"]["Environment"]!["Variables"]!;
            Assert.Equal("""{"Fn::GetAtt":["CognitoUserPoolMain","ProviderName"]}""", variables["USER_POOLS"]!.ToJsonString());
        });
    }

    [Fact]
    public void Has_an_alarm_for_each_failure_of_authorizer_trigger_and_api_that_no_stranger_can_cause()
    {
        string[] alarms = [.. Deployed.Resources.ContainsKey("AuthorizerLambdaFunction") ? ["AuthorizerErrors", "AuthorizerThrottles"] : Array.Empty<string>(), "TriggerErrors", "TriggerThrottles", "ApiFailures"];
        Assert.Equal(alarms.Order(), Deployed.Of("AWS::CloudWatch::Alarm").Select(alarm => alarm.Key).Order());

        // API Gateway's own counts hold what a stranger sends.
        Assert.DoesNotContain(Deployed.Of("AWS::CloudWatch::Alarm"), alarm => (string?)alarm.Value["Namespace"] == "AWS/ApiGateway");
        var filter = Assert.Single(Deployed.Of("AWS::Logs::MetricFilter")).Value;
        Assert.Equal("""{ ($.status = "5*") && ($.authorizerError = "-") }""", (string)filter["FilterPattern"]!);
        Assert.Equal((string)filter["MetricTransformations"]![0]!["MetricNamespace"]!, (string)Deployed["ApiFailures"]["Namespace"]!);
    }

    [Fact]
    public void Logs_every_request_as_json_with_the_authorizers_error_and_limits_how_many_come()
    {
        var stage = Assert.Single(Deployed.Of("AWS::ApiGatewayV2::Stage")).Value;
        // error.messageString is quoted by API Gateway.
        var line = JsonNode.Parse(((string)stage["AccessLogSettings"]!["Format"]!).Replace("$context.error.messageString", "\"\"", StringComparison.Ordinal))!;

        Assert.Equal("$context.authorizer.error", (string)line["authorizerError"]!);
        Assert.Equal("$context.status", (string)line["status"]!);
        Assert.Equal("$context.integration.requestId", (string)line["functionRequestId"]!);
        Assert.InRange((int)stage["DefaultRouteSettings"]!["ThrottlingRateLimit"]!, 1, 1000);
        Assert.InRange((int)stage["DefaultRouteSettings"]!["ThrottlingBurstLimit"]!, 1, 1000);
    }

    [Fact]
    public async Task Rotates_refresh_tokens_and_sends_mail_by_ses_if_asked_to()
    {
        Assert.Equal("DISABLED", (string)Deployed["UserPoolClient"]["RefreshTokenRotation"]!["Feature"]!);
        Assert.Contains("ALLOW_REFRESH_TOKEN_AUTH", Deployed["UserPoolClient"]["ExplicitAuthFlows"]!.AsArray().Select(flow => (string)flow!));

        var other = await Deployment.PackageAsync("--param", "refreshTokens=rotate", "--param", "emailSender=no-reply@acme.example", "--param", "emailIdentity=acme.example");

        Assert.Equal("ENABLED", (string)other["UserPoolClient"]["RefreshTokenRotation"]!["Feature"]!);
        Assert.DoesNotContain("ALLOW_REFRESH_TOKEN_AUTH", other["UserPoolClient"]["ExplicitAuthFlows"]!.AsArray().Select(flow => (string)flow!));
        var email = other["CognitoUserPoolMain"]["EmailConfiguration"]!["Fn::If"]!;
        Assert.Equal("no-reply@acme.example", (string)email[1]!["From"]!);
        Assert.EndsWith(":identity/acme.example", (string)email[1]!["SourceArn"]!["Fn::Sub"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void Has_sign_in_pages_and_further_ways_in_only_if_asked_to()
    {
        Assert.Equal("HasManagedLogin", (string)Deployed.Resources["LoginDomain"]!["Condition"]!);
        Assert.Equal("HasGoogle", (string)Deployed.Resources["GoogleProvider"]!["Condition"]!);
        Assert.Equal("HasOidc", (string)Deployed.Resources["OidcProvider"]!["Condition"]!);
        var client = Deployed["UserPoolClient"];
        Assert.Equal("HasManagedLogin", (string)client["AllowedOAuthFlows"]!["Fn::If"]![0]!);
        // The implicit flow puts tokens into URLs.
        Assert.Equal("[\"code\"]", client["AllowedOAuthFlows"]!["Fn::If"]![1]!.ToJsonString());
        Assert.False((bool)client["GenerateSecret"]!);
        Assert.StartsWith("{{resolve:secretsmanager:", (string)Deployed["GoogleProvider"]["ProviderDetails"]!["client_secret"]!, StringComparison.Ordinal);
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
    public void Lets_every_api_of_the_account_ask_the_authorizer_by_one_permission()
    {
        if (!Deployed.Resources.ContainsKey("AuthorizerLambdaFunction"))
            return;
        const string Function = """{"Fn::GetAtt":["AuthorizerLambdaFunction","Arn"]}""";

        var (id, permission) = Assert.Single(Deployed.Of("AWS::Lambda::Permission"), permission => permission.Value["FunctionName"]!.ToJsonString() == Function);

        Assert.Equal("apigateway.amazonaws.com", (string)permission["Principal"]!);
        Assert.Equal("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:*/authorizers/*", (string)permission["SourceArn"]!["Fn::Sub"]!);
        Assert.Equal($"""["{id}"]""", Deployed.Resources["AuthorizerArnParameter"]!["DependsOn"]!.ToJsonString());
    }

    [Theory]
    [InlineData("keep", "RetainExceptOnCreate", "Retain", false)]
    [InlineData("protect", "RetainExceptOnCreate", "Retain", true)]
    [InlineData("delete", "Delete", "Delete", false)]
    public async Task Keeps_protects_or_deletes_pool_and_table_as_the_deployment_says(string data, string removed, string replaced, bool isProtected)
    {
        var deployed = await Deployment.PackageAsync("--stage", "pr-7", "--param", $"data={data}");

        foreach (var resource in new[] { deployed.Resources["CognitoUserPoolMain"]!, deployed.Resources["UsersTable"]! })
            Assert.Equal((removed, replaced), ((string)resource["DeletionPolicy"]!, (string)resource["UpdateReplacePolicy"]!));
        Assert.Equal(isProtected ? "ACTIVE" : "INACTIVE", (string)deployed["CognitoUserPoolMain"]["DeletionProtection"]!);
        Assert.Equal(isProtected, (bool)deployed["UsersTable"]["DeletionProtectionEnabled"]!);
    }
}
