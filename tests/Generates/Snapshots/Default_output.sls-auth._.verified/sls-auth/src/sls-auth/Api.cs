using sls_auth.Functions;
using sls_auth.Users;
using Serverless;

namespace sls_auth;

/// <summary>What is served over HTTP: every route with the function behind it, on Lambda and on Kestrel.</summary>
internal static class Api
{
    /// <summary>The table of routes. serverless.yml says the same to API Gateway; a test holds the two together.</summary>
    /// <param name="users">Is opened by the first request that needs it.</param>
    public static IReadOnlyList<ApiRoute> Routes(Lazy<UsersTable> users)
    {
        return
        [
            new("hello", "GET", "/hello", Access.Token, Hello.Handle),
            new("world", "GET", "/world", Access.Iam, World.Handle),
            new("me", "GET", "/me", Access.Token, request => Me.Handle(request, users.Value)),
            new("createTeam", "POST", "/teams", Access.Token, request => CreateTeam.Handle(request, users.Value)),
            new("getTeam", "GET", "/teams/{id}", Access.Token, request => GetTeam.Handle(request, users.Value)),
            new("putTeamMember", "PUT", "/teams/{id}/members/{sub}", Access.Token, request => PutTeamMember.Handle(request, users.Value)),
            new("removeTeamMember", "DELETE", "/teams/{id}/members/{sub}", Access.Token, request => RemoveTeamMember.Handle(request, users.Value)),
            .. AddedRoutes.All,
        ];
    }
}
