using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Company.Auth._1.Users;
using Serverless;

namespace Company.Auth._1.Tests.Deployment;

public sealed class StackTests(LocalServices services) : IAsyncLifetime
{
    private const string ForwarderArn = "arn:aws:lambda:eu-west-1:123456789012:function:log-forwarder";

    private static readonly Lazy<Task<Stack>> Packaged = new(() => Stack.PackageAsync("--param", $"forwarderArn={ForwarderArn}"));

    private Stack stack = null!;

    public async ValueTask InitializeAsync()
    {
        LocalServices.SkipWithoutPackages();
        stack = await Packaged.Value;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public void Has_one_pool_with_the_trigger_and_its_permission()
    {
        var (id, pool) = Assert.Single(stack.Of("AWS::Cognito::UserPool"));

        Assert.Equal("""{"Fn::GetAtt":["PostConfirmationLambdaFunction","Arn"]}""", pool["Properties"]!["LambdaConfig"]!["PostConfirmation"]!.ToJsonString());
        Assert.Contains(
            stack.Of("AWS::Lambda::Permission"),
            permission => (string?)permission.Value["Properties"]!["Principal"] == "cognito-idp.amazonaws.com"
                && permission.Value.ToJsonString().Contains("PostConfirmationLambdaFunction", StringComparison.Ordinal)
                && permission.Value.ToJsonString().Contains(id, StringComparison.Ordinal));
    }

    [Fact]
    public void Guards_every_route()
    {
        var routes = stack.Of("AWS::ApiGatewayV2::Route").ToList();

        Assert.NotEmpty(routes);
        Assert.All(routes, route => Assert.True((string?)route.Value["Properties"]!["AuthorizationType"] is "CUSTOM" or "JWT" or "AWS_IAM", route.Key));
        Assert.All(
            routes.Where(route => (string?)route.Value["Properties"]!["AuthorizationType"] == "JWT"),
            route => Assert.NotEmpty(route.Value["Properties"]!["AuthorizationScopes"]!.AsArray()));
    }

    [Fact]
    public void Has_the_routes_of_the_table_and_no_others()
    {
        var deployed = stack.Of("AWS::ApiGatewayV2::Route").Select(route => (
            Key: (string)route.Value["Properties"]!["RouteKey"]!,
            Function: FunctionBehind(route.Value),
            Access: (string)route.Value["Properties"]!["AuthorizationType"]! == "AWS_IAM" ? Access.Iam : Access.Token));

        var table = Api.Routes(new Lazy<UsersTable>(() => throw new InvalidOperationException("No request, no table.")));

        Assert.Equal(table.Select(route => (route.Key, route.Function, route.Access)).Order(), deployed.Order());
    }

    [Fact]
    public void Subscribes_every_log_group_to_the_forwarder()
    {
        var groups = stack.Of("AWS::Logs::LogGroup").Select(group => (string)group.Value["Properties"]!["LogGroupName"]!).ToList();
        var filters = stack.Of("AWS::Logs::SubscriptionFilter").ToList();

        Assert.Equal(stack.Of("AWS::Lambda::Function").Count(), groups.Count);
        Assert.Equal(groups.Order(), filters.Select(filter => (string)filter.Value["Properties"]!["LogGroupName"]!).Order());
        Assert.All(filters, filter => Assert.Equal(ForwarderArn, (string)filter.Value["Properties"]!["DestinationArn"]!));
        Assert.DoesNotContain(stack.Of("AWS::Lambda::Permission"), permission => permission.Value.ToJsonString().Contains("logs.", StringComparison.Ordinal));
    }

    [Fact]
    public void Allows_no_action_by_a_wildcard()
    {
        var statements = stack.Of("AWS::IAM::Role").SelectMany(role => role.Value["Properties"]!["Policies"]!.AsArray())
            .SelectMany(policy => policy!["PolicyDocument"]!["Statement"]!.AsArray()).ToList();

        Assert.NotEmpty(statements);
        Assert.All(statements, statement =>
        {
            Assert.DoesNotContain("*", statement!["Action"]!.ToJsonString(), StringComparison.Ordinal);
            Assert.NotEqual("\"*\"", statement["Resource"]!.ToJsonString());
        });
    }

    [Fact]
    public void Gives_every_function_a_role_of_its_need()
    {
        string RoleOf(string function) => (string)stack.Resources[$"{function}LambdaFunction"]!["Properties"]!["Role"]!["Fn::GetAtt"]![0]!;

        Assert.Equal("PostConfirmationRole", RoleOf("PostConfirmation"));
        Assert.Equal("FunctionsRole", RoleOf("Me"));
        Assert.DoesNotContain("dynamodb", stack.Resources["AuthorizerRole"]?.ToJsonString() ?? "", StringComparison.Ordinal);
        Assert.Equal("\"dynamodb:UpdateItem\"", stack.Resources["PostConfirmationRole"]!["Properties"]!["Policies"]![1]!["PolicyDocument"]!["Statement"]![0]!["Action"]!.ToJsonString());
    }

    [Fact]
    public void Has_no_cycle()
    {
        var needs = stack.Resources.ToDictionary(resource => resource.Key, resource => Needs(resource.Value!).ToHashSet());
        while (needs.Count > 0)
        {
            var free = needs.Where(resource => !resource.Value.Any(needs.ContainsKey)).Select(resource => resource.Key).ToList();
            Assert.True(free.Count > 0, $"These need each other: {string.Join(", ", needs.Keys)}");
            free.ForEach(id => needs.Remove(id));
        }
    }

    [Fact]
    public void Tells_the_other_stacks_what_they_need()
    {
        var names = stack.Of("AWS::SSM::Parameter").Select(parameter => ((string)parameter.Value["Properties"]!["Name"]!).Split('/')).ToList();

        Assert.All(names, name => Assert.Equal(("", "auth", 5), (name[0], name[3], name.Length)));
        string[] expected =
        [
            .. stack.Resources.ContainsKey("AuthorizerLambdaFunction") ? ["authorizer-arn"] : Array.Empty<string>(),
            .. stack.Resources.ContainsKey("IdentityPool") ? ["identity-pool-id", "signed-in-role"] : Array.Empty<string>(),
            "issuer",
            "user-pool-client-id",
            "user-pool-id",
        ];
        Assert.Equal(expected.Order(), names.Select(name => name[4]).Order());
    }

    [Fact]
    public void Logs_json()
    {
        Assert.All(stack.Of("AWS::Lambda::Function"), function => Assert.Equal("JSON", (string?)function.Value["Properties"]!["LoggingConfig"]?["LogFormat"]));
        Assert.All(stack.Of("AWS::Lambda::Function"), function => Assert.InRange(function.Value["Properties"]!["FunctionName"]!.ToString().Length, 1, 64));
    }

    [Fact]
    public async Task Keeps_pool_and_table_unless_the_stage_is_thrown_away()
    {
        var passing = await Stack.PackageAsync("--stage", "pr-7", "--param", "userData=delete");

        foreach (var (of, policy, protection) in new[] { (stack, "Retain", true), (passing, "Delete", false) })
        {
            var pool = of.Resources["CognitoUserPoolMain"]!;
            var table = of.Resources["UsersTable"]!;
            Assert.Equal((policy, policy), ((string)pool["DeletionPolicy"]!, (string)table["DeletionPolicy"]!));
            Assert.Equal(protection ? "ACTIVE" : "INACTIVE", (string)pool["Properties"]!["DeletionProtection"]!);
            Assert.Equal(protection, (bool)table["Properties"]!["DeletionProtectionEnabled"]!);
        }

        Assert.All(passing.Of("AWS::Logs::SubscriptionFilter"), filter => Assert.NotEmpty((string)filter.Value["Properties"]!["DestinationArn"]!));
    }

    [Fact]
    public async Task Has_the_same_keys_in_the_local_table()
    {
        await services.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, services.TableUrl)
        {
            Content = new StringContent("""{"TableName":"users"}""", Encoding.UTF8, new MediaTypeHeaderValue("application/x-amz-json-1.0")),
        };
        request.Headers.Add("X-Amz-Target", "DynamoDB_20120810.DescribeTable");
        request.Headers.Add("X-Amz-Date", "20260101T000000Z");
        request.Headers.TryAddWithoutValidation(
            "Authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var local = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["Table"]!;
        var deployed = stack.Resources["UsersTable"]!["Properties"]!;

        Assert.Equal(deployed["KeySchema"]!.ToJsonString(), local["KeySchema"]!.ToJsonString());
        Assert.Equal(
            deployed["GlobalSecondaryIndexes"]!.AsArray().Select(index => $"{index!["IndexName"]} {index["KeySchema"]!.ToJsonString()} {index["Projection"]!.ToJsonString()}"),
            local["GlobalSecondaryIndexes"]!.AsArray().Select(index => $"{index!["IndexName"]} {index["KeySchema"]!.ToJsonString()} {index["Projection"]!.ToJsonString()}"));
        Assert.True(JsonNode.DeepEquals(
            new JsonArray([.. deployed["AttributeDefinitions"]!.AsArray().OrderBy(name => name!.ToJsonString()).Select(name => name!.DeepClone())]),
            new JsonArray([.. local["AttributeDefinitions"]!.AsArray().OrderBy(name => name!.ToJsonString()).Select(name => name!.DeepClone())])));
    }

    private string FunctionBehind(JsonNode route)
    {
        var integration = stack.Resources[route["Properties"]!["Target"]!["Fn::Join"]![1]!.AsArray().Last()!["Ref"]!.ToString()]!;
        var function = stack.Resources[integration["Properties"]!["IntegrationUri"]!["Fn::GetAtt"]![0]!.ToString()]!;
        return (string?)function["Properties"]!["Environment"]?["Variables"]?["SERVICE_FUNCTION"] ?? (string)function["Properties"]!["Handler"]!;
    }

    /// <summary>The resources that one has to wait for.</summary>
    private IEnumerable<string> Needs(JsonNode node)
    {
        switch (node)
        {
            case JsonArray array:
                return array.OfType<JsonNode>().SelectMany(Needs);
            case JsonObject inner:
                return inner.SelectMany(member => (member.Key, member.Value) switch
                {
                    ("Ref", JsonValue id) => [id.ToString()],
                    ("DependsOn", JsonValue id) => [id.ToString()],
                    ("DependsOn", JsonArray ids) => ids.Select(id => id!.ToString()),
                    ("Fn::GetAtt", JsonArray path) => [path[0]!.ToString()],
                    ("Fn::GetAtt", JsonValue path) => [path.ToString().Split('.')[0]],
                    ("Fn::Sub", var text) => stack.Resources.Select(resource => resource.Key)
                        .Where(id => text!.ToJsonString().Contains($"${{{id}}}", StringComparison.Ordinal) || text.ToJsonString().Contains($"${{{id}.", StringComparison.Ordinal)),
                    (_, null) => [],
                    var (_, value) => Needs(value),
                });
            default:
                return [];
        }
    }
}
