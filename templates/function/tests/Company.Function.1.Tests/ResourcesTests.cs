namespace Company.Function._1.Tests;

using TradeItems;

/// <summary>What holds for the CloudFormation of this service, beside what holds for that of every one.</summary>
public sealed class ResourcesTests : DeploymentTest
{
    [Fact]
    public void Raises_an_alarm_when_something_fails()
    {
        string[] metrics =
        [
#if (http)
            "ApiFailures",
#endif
#if (sqs || eventbridge)
            "AWS/SQS ApproximateNumberOfMessagesVisible",
#endif
#if (asynchronous)
            "AWS/Lambda AsyncEventsDropped",
#endif
#if (dynamodb)
            "AWS/Lambda IteratorAge",
            "AWS/Lambda OnFailureDestinationDeliveredEventCount",
#endif
#if (asynchronous || dynamodb)
            "AWS/Lambda DestinationDeliveryFailures",
#endif
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
#if (http)

    [Fact]
    public void Has_the_routes_of_the_table_each_with_its_guard_and_no_others()
    {
        var table = Api.Routes(new Lazy<TradeItemsTable>(() => throw new InvalidOperationException("No request, no table.")));

        Assert.Equal(table.Select(route => (route.Key, route.Function, route.Access)).Order(), Deployed.Routes().Order());
    }
#endif
#if (authLambda)

    [Fact]
    public void Asks_the_authorizer_that_the_auth_service_publishes_and_permits_nothing_on_it_itself()
    {
        var (_, authorizer) = Assert.Single(Deployed.Of("AWS::ApiGatewayV2::Authorizer"));

        Assert.Equal(("REQUEST", "2.0", true, 300), ((string)authorizer["AuthorizerType"]!, (string)authorizer["AuthorizerPayloadFormatVersion"]!, (bool)authorizer["EnableSimpleResponses"]!, (int)authorizer["AuthorizerResultTtlInSeconds"]!));
        Assert.Contains("""{"Ref":"AuthorizerArn"}""", authorizer["AuthorizerUri"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.EndsWith("/auth/authorizer-arn", Deployed.ParameterStorePath("AuthorizerArn"), StringComparison.Ordinal);
        Assert.All(Deployed.Of("AWS::Lambda::Permission"), permission => Assert.Contains(permission.Value["FunctionName"]!["Fn::GetAtt"]![0]!.ToString(), Deployed.Resources.Select(resource => resource.Key)));
    }
#endif
#if (authJwt)

    [Fact]
    public void Takes_access_tokens_of_the_ventures_pool_only()
    {
        var (_, authorizer) = Assert.Single(Deployed.Of("AWS::ApiGatewayV2::Authorizer"));

        Assert.Equal("JWT", (string)authorizer["AuthorizerType"]!);
        Assert.Equal("""{"Ref":"Issuer"}""", authorizer["JwtConfiguration"]!["Issuer"]!.ToJsonString());
        Assert.Equal("""[{"Ref":"UserPoolClientId"}]""", authorizer["JwtConfiguration"]!["Audience"]!.ToJsonString());
        Assert.EndsWith("/auth/issuer", Deployed.ParameterStorePath("Issuer"), StringComparison.Ordinal);
        Assert.EndsWith("/auth/user-pool-client-id", Deployed.ParameterStorePath("UserPoolClientId"), StringComparison.Ordinal);
        Assert.All(
            Deployed.Of("AWS::ApiGatewayV2::Route").Where(route => (string?)route.Value["AuthorizationType"] == "JWT"),
            route => Assert.Equal("""["aws.cognito.signin.user.admin"]""", route.Value["AuthorizationScopes"]!.ToJsonString()));
    }
#endif
#if (authIam)

    [Fact]
    public void Lets_users_of_the_identity_pool_call_these_routes_and_no_others()
    {
        var policies = Deployed.Of("AWS::IAM::RolePolicy").Select(policy => policy.Value).ToList();
        var routes = Deployed.Of("AWS::ApiGatewayV2::Route").Select(route => System.Text.RegularExpressions.Regex.Replace(((string)route.Value["RouteKey"]!).Replace(" ", "", StringComparison.Ordinal), @"\{\w+\}", "*"));

        Assert.All(policies, policy => Assert.Equal("""{"Ref":"SignedInRole"}""", policy["RoleName"]!.ToJsonString()));
        Assert.EndsWith("/auth/signed-in-role", Deployed.ParameterStorePath("SignedInRole"), StringComparison.Ordinal);
        var allowed = policies.SelectMany(policy => policy["PolicyDocument"]!["Statement"]!.AsArray()).SelectMany(statement =>
            statement!["Resource"] is System.Text.Json.Nodes.JsonArray several ? several.ToList() : [statement["Resource"]]);
        Assert.Equal(routes.Order(), allowed.Select(resource => ((string)resource!["Fn::Sub"]!).Split("/$default/")[1]).Order());
    }
#endif
#if (sqs)

    [Fact]
    public void Hides_a_message_for_as_long_as_lambda_may_need_and_keeps_what_fails()
    {
        var (_, mapping) = Assert.Single(Deployed.Of("AWS::Lambda::EventSourceMapping"));
        var queue = Deployed["TradeItemsQueue"];

        Assert.Equal(6 * (int)Deployed["OnMessageLambdaFunction"]["Timeout"]! + (int)mapping["MaximumBatchingWindowInSeconds"]!, (int)queue["VisibilityTimeout"]!);
        Assert.Equal("""["ReportBatchItemFailures"]""", mapping["FunctionResponseTypes"]!.ToJsonString());
        Assert.Equal(5, (int)queue["RedrivePolicy"]!["maxReceiveCount"]!);
        Assert.True((int)Deployed["DeadLetterQueue"]["MessageRetentionPeriod"]! > (int)queue["MessageRetentionPeriod"]!);
#if (onKubernetes)
        // The worker leaves that time to the queue, and gives the function the same time as Lambda.
        Assert.Equal(Host.HostedQueue.Timeout.TotalSeconds, (int)Deployed["OnMessageLambdaFunction"]["Timeout"]!);
#endif
    }
#endif
#if (dynamodb)

    [Fact]
    public void Goes_on_behind_a_change_that_cannot_be_kept_and_keeps_that_change_whole()
    {
        var (_, mapping) = Assert.Single(Deployed.Of("AWS::Lambda::EventSourceMapping"));

        Assert.Equal("""["ReportBatchItemFailures"]""", mapping["FunctionResponseTypes"]!.ToJsonString());
        Assert.Equal((true, 5, "TRIM_HORIZON"), ((bool)mapping["BisectBatchOnFunctionError"]!, (int)mapping["MaximumRetryAttempts"]!, (string)mapping["StartingPosition"]!));
        Assert.Equal("""{"OnFailure":{"Destination":{"Fn::GetAtt":["FailedEvents","Arn"]}}}""", mapping["DestinationConfig"]!.ToJsonString());
        Assert.Contains("s3:PutObject", Deployed["FunctionRole"].ToJsonString(), StringComparison.Ordinal);

        // Without it Lambda does not count what the alarm ChangesNotKept looks at.
        Assert.Equal("""{"Metrics":["EventCount"]}""", mapping["MetricsConfig"]!.ToJsonString());
    }
#endif
#if (asynchronous)

    [Fact]
    public void Keeps_an_event_that_fails_three_times()
    {
        var (_, retries) = Assert.Single(Deployed.Of("AWS::Lambda::EventInvokeConfig"));

        Assert.Equal((2, """{"OnFailure":{"Destination":{"Fn::GetAtt":["FailedEvents","Arn"]}}}"""), ((int)retries["MaximumRetryAttempts"]!, retries["DestinationConfig"]!.ToJsonString()));
        Assert.Contains("s3:PutObject", Deployed["FunctionRole"].ToJsonString(), StringComparison.Ordinal);
    }
#endif
#if (s3)

    [Fact]
    public void Hears_of_the_uploads_of_its_own_account_and_may_read_them()
    {
        var hears = Assert.Single(Deployed["UploadsBucket"]["NotificationConfiguration"]!["LambdaConfigurations"]!.AsArray())!;

        Assert.Equal("""{"Fn::GetAtt":["OnUploadLambdaFunction","Arn"]}""", hears["Function"]!.ToJsonString());
        Assert.Equal("""{"Ref":"AWS::AccountId"}""", Deployed["UploadsPermission"]["SourceAccount"]!.ToJsonString());
        Assert.Contains("${UploadsBucket.Arn}/trade-items/*", Deployed["ReadUploads"].ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Can_read_an_upload_that_was_overwritten()
    {
        var reads = Deployed["ReadUploads"]["PolicyDocument"]!["Statement"]![0]!;

        Assert.Equal("Enabled", (string)Deployed["UploadsBucket"]["VersioningConfiguration"]!["Status"]!);
        Assert.Equal("""["s3:GetObject","s3:GetObjectVersion"]""", reads["Action"]!.ToJsonString());
        Assert.Equal("""{"Fn::Sub":"${UploadsBucket.Arn}/trade-items/*"}""", reads["Resource"]!.ToJsonString());
    }
#endif
#if (schedule || sns || eventbridge)

    [Fact]
    public void Is_invoked_by_its_source_and_by_nothing_else()
    {
        var (_, permission) = Assert.Single(Deployed.Of("AWS::Lambda::Permission"));

        Assert.NotNull(permission["SourceArn"]);
#if (sns)
        Assert.Equal("sns.amazonaws.com", (string)permission["Principal"]!);
#else
        Assert.Equal("events.amazonaws.com", (string)permission["Principal"]!);
#endif
    }
#endif
}
