using System.Text.Json.Nodes;
using Xunit;

namespace Serverless.Templates.Tests;

[TakesLong(1)]
public sealed class AuthStackTests
{
    public static TheoryData<string> Pairs => Combinations.Of("sls-auth");

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Has_one_pool_which_calls_the_trigger_and_may(string options)
    {
        var stack = await StackOfAsync(options);

        var (name, pool) = stack.OfType("AWS::Cognito::UserPool").Single();

        Assert.Equal("""{"Fn::GetAtt":["PostConfirmationLambdaFunction","Arn"]}""", pool["LambdaConfig"]!["PostConfirmation"]!.ToJsonString());
        var permission = Assert.Single(stack.OfType("AWS::Lambda::Permission"), permission => (string?)permission.Properties["Principal"] == "cognito-idp.amazonaws.com").Properties;
        Assert.Equal("""{"Fn::GetAtt":["PostConfirmationLambdaFunction","Arn"]}""", permission["FunctionName"]!.ToJsonString());
        Assert.Contains($"\"{name}\"", permission["SourceArn"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Guards_every_route_as_was_chosen(string options)
    {
        var stack = await StackOfAsync(options);

        var routes = stack.OfType("AWS::ApiGatewayV2::Route").ToDictionary(route => (string)route.Properties["RouteKey"]!, route => route.Properties);

        Assert.Equal(
            [
                "DELETE /me", "DELETE /me/invitations/{id}", "DELETE /teams/{id}", "DELETE /teams/{id}/invitations/{email}", "DELETE /teams/{id}/members/{sub}",
                "GET /hello", "GET /me", "GET /me/export", "GET /me/invitations", "GET /teams/{id}", "GET /teams/{id}/invitations", "GET /world",
                "POST /teams", "POST /teams/{id}/invitations",
                "PUT /me/invitations/{id}", "PUT /teams/{id}", "PUT /teams/{id}/members/{sub}",
            ],
            routes.Keys.Order(StringComparer.Ordinal));
        Assert.All(routes, route =>
        {
            var isSigned = route.Key == "GET /world" && stack["identityPool"] == "true";
            Assert.Equal(isSigned ? "AWS_IAM" : stack["authorizer"] == "lambda" ? "CUSTOM" : "JWT", (string?)route.Value["AuthorizationType"]);
            Assert.Equal(isSigned, route.Value["AuthorizerId"] is null);
            // An id token holds no scope: asking for one keeps it out.
            if ((string?)route.Value["AuthorizationType"] == "JWT")
                Assert.Equal(["aws.cognito.signin.user.admin"], Stack.Texts(route.Value["AuthorizationScopes"]));
        });
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Verifies_tokens_of_its_own_pool(string options)
    {
        var stack = await StackOfAsync(options);

        var authorizer = stack.Single("AWS::ApiGatewayV2::Authorizer");

        Assert.Equal(["$request.header.Authorization"], Stack.Texts(authorizer["IdentitySource"]));
        if (stack["authorizer"] == "lambda")
        {
            Assert.Equal("REQUEST", (string?)authorizer["AuthorizerType"]);
            Assert.Equal("2.0", (string?)authorizer["AuthorizerPayloadFormatVersion"]);
            Assert.True((bool)authorizer["EnableSimpleResponses"]!);
            Assert.Equal(300, (int)authorizer["AuthorizerResultTtlInSeconds"]!);
            var settings = stack.Json["Resources"]!["AuthorizerLambdaFunction"]!["Properties"]!["Environment"]!["Variables"]!;
            Assert.Equal("""{"Fn::GetAtt":["CognitoUserPoolMain","ProviderURL"]}""", settings["TOKEN_ISSUERS"]!.ToJsonString());
            Assert.Equal("""{"Ref":"UserPoolClient"}""", settings["TOKEN_CLIENTS"]!.ToJsonString());
            Assert.Equal("access", (string?)settings["TOKEN_USE"]);
        }
        else
        {
            Assert.Equal("JWT", (string?)authorizer["AuthorizerType"]);
            Assert.Equal("""{"Fn::GetAtt":["CognitoUserPoolMain","ProviderURL"]}""", authorizer["JwtConfiguration"]!["Issuer"]!.ToJsonString());
            Assert.Equal("""[{"Ref":"UserPoolClient"}]""", authorizer["JwtConfiguration"]!["Audience"]!.ToJsonString());
        }
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Gives_signed_in_users_credentials_for_one_route_and_guests_none(string options)
    {
        var stack = await StackOfAsync(options);
        if (stack["identityPool"] == "false")
        {
            Assert.DoesNotContain(stack.Resources, resource => ((string)resource.Resource["Type"]!).StartsWith("AWS::Cognito::IdentityPool", StringComparison.Ordinal));
            return;
        }

        var pool = stack.Single("AWS::Cognito::IdentityPool");
        var role = stack.Json["Resources"]!["SignedInRole"]!["Properties"]!;
        var conditions = Stack.Objects(role["AssumeRolePolicyDocument"]).Single(node => node.ContainsKey("Condition"))["Condition"]!;

        Assert.False((bool)pool["AllowUnauthenticatedIdentities"]!);
        Assert.Equal("""{"Ref":"IdentityPool"}""", conditions["StringEquals"]!["cognito-identity.amazonaws.com:aud"]!.ToJsonString());
        Assert.Equal("authenticated", (string?)conditions["ForAnyValue:StringLike"]!["cognito-identity.amazonaws.com:amr"]);
        var statement = Assert.Single(Stack.Objects(role["Policies"]), node => node.ContainsKey("Effect"));
        Assert.Equal(["execute-api:Invoke"], Stack.Texts(statement["Action"]));
        Assert.EndsWith(":${HttpApi}/$default/GET/world", (string?)statement["Resource"]!["Fn::Sub"], StringComparison.Ordinal);
    }

    [TheoryThatNeeds("node", "npm")]
    [MemberData(nameof(Pairs))]
    public async Task Publishes_what_the_other_stacks_need(string options)
    {
        var stack = await StackOfAsync(options);
        List<string> expected = ["issuer", "user-pool-client-id", "user-pool-id"];
        if (stack["authorizer"] == "lambda")
            expected.Add("authorizer-arn");
        if (stack["identityPool"] == "true")
            expected.AddRange(["identity-pool-id", "signed-in-role"]);

        var published = stack.OfType("AWS::SSM::Parameter").Select(parameter => (string)parameter.Properties["Name"]!);

        Assert.Equal(expected.Select(name => $"/acme/dev/auth/{name}").Order(StringComparer.Ordinal), published.Order(StringComparer.Ordinal));
    }

    private static Task<Stack> StackOfAsync(string options) => Stack.ShareAsync(Template.Named("sls-auth"), Options.Parse(options));
}
