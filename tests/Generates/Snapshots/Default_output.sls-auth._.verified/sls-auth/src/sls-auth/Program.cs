using sls_auth;
using sls_auth.Functions;
using sls_auth.Users;
using Serverless;
using Serverless.Tokens;

// Each is made when the function that runs here first needs it.
var users = new Lazy<UsersTable>(() => UsersTable.Open(Environment.GetEnvironmentVariable));
var tokens = new Lazy<TokenVerifier>(() => new TokenVerifier(TokenRules.From(Environment.GetEnvironmentVariable), TimeProvider.System));

return await new Service()
    .On("authorizer", (request, context) => Authorizer.Handle(request, context, tokens.Value), AuthorizerJson.Default.AuthorizerRequest, AuthorizerJson.Default.AuthorizerResponse)
    .BeforeFirstEventOf("authorizer", () => tokens.Value.PrefetchAsync(CancellationToken.None))
    .On("postConfirmation", (input, context) => PostConfirmation.Handle(input, context, users.Value))
    .On(Api.Routes(users))
    .RunAsync(args);
