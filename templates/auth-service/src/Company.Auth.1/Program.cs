#if (lambdaAuthorizer)
using Amazon.Lambda.APIGatewayEvents;
using Amazon.Lambda.Serialization.SystemTextJson;
#endif
using Company.Auth._1;
using Company.Auth._1.Functions;
using Company.Auth._1.Users;
using Serverless;
#if (lambdaAuthorizer)
using Serverless.Tokens;
#endif

// Each is opened when the function that runs here first needs it.
var users = new Lazy<UsersTable>(() => UsersTable.Open(Environment.GetEnvironmentVariable));
var pool = new Lazy<UserPool>(() => UserPool.Open(Environment.GetEnvironmentVariable));
#if (lambdaAuthorizer)
var tokens = new Lazy<TokenVerifier>(() => new TokenVerifier(TokenRules.From(Environment.GetEnvironmentVariable), TimeProvider.System));
#endif

return await new Service()
#if (lambdaAuthorizer)
    .On<APIGatewayCustomAuthorizerV2Request, APIGatewayCustomAuthorizerV2SimpleResponse?>(
        "authorizer", () => new SourceGeneratorLambdaJsonSerializer<AuthorizerJson>(), (request, context) => Authorizer.Handle(request, context, tokens.Value))
    .BeforeFirstEventOf("authorizer", () => tokens.Value.PrefetchAsync(CancellationToken.None))
#endif
    .On("postConfirmation", (input, context) => PostConfirmation.Handle(input, context, users.Value))
    .On("appointAdmin", (appointment, context) => AppointAdmin.Handle(appointment, context, users.Value), () => ApiJson.Default.Appointment, () => ApiJson.Default.Appointment)
    .On(Api.Routes(users, pool))
    // hello calls nobody.
    .BeforeFirstEvent(SystemCertificates.ReadAsync, exceptOf: "hello")
    .BeforeFirstEvent(() => DynamoDb.ConnectAsync("USERS_TABLE", () => users.Value.Client))
    .RunAsync(args);
