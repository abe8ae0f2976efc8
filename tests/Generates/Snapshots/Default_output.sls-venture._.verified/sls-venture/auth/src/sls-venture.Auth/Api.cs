using sls_venture.Auth.Functions;
using sls_venture.Auth.Users;
using Serverless;

namespace sls_venture.Auth;

/// <summary>The HTTP API: every route with the function behind it, on Lambda and on Kestrel.</summary>
internal static class Api
{
    /// <summary>The table of routes. serverless.yml has the same routes for API Gateway; a test compares the two.</summary>
    /// <param name="users">Is opened by the first request that needs it.</param>
    /// <param name="pool">The same.</param>
    public static IReadOnlyList<ApiRoute> Routes(Lazy<UsersTable> users, Lazy<UserPool> pool)
    {
        return
        [
            new("hello", "GET", "/hello", Access.Token, Hello.Handle),
            new("world", "GET", "/world", Access.Iam, World.Handle),
            new("me", "GET", "/me", Access.Token, request => Me.Read(request, users.Value, pool.Value)),
            new("me", "DELETE", "/me", Access.Token, request => Me.Delete(request, users.Value, pool.Value)),
            new("me", "GET", "/me/export", Access.Token, request => Me.Export(request, users.Value, pool.Value)),
            new("invitations", "GET", "/me/invitations", Access.Token, request => Invitations.ListOwn(request, users.Value, pool.Value)),
            new("invitations", "PUT", "/me/invitations/{id}", Access.Token, request => Invitations.Accept(request, users.Value, pool.Value)),
            new("invitations", "DELETE", "/me/invitations/{id}", Access.Token, request => Invitations.Decline(request, users.Value, pool.Value)),
            new("createTeam", "POST", "/teams", Access.Token, request => CreateTeam.Handle(request, users.Value)),
            new("getTeam", "GET", "/teams/{id}", Access.Token, request => GetTeam.Handle(request, users.Value)),
            new("changeTeam", "PUT", "/teams/{id}", Access.Token, request => ChangeTeam.Rename(request, users.Value)),
            new("changeTeam", "DELETE", "/teams/{id}", Access.Token, request => ChangeTeam.Delete(request, users.Value)),
            new("invitations", "GET", "/teams/{id}/invitations", Access.Token, request => Invitations.ListOfTeam(request, users.Value)),
            new("invitations", "POST", "/teams/{id}/invitations", Access.Token, request => Invitations.Invite(request, users.Value)),
            new("invitations", "DELETE", "/teams/{id}/invitations/{email}", Access.Token, request => Invitations.Withdraw(request, users.Value)),
            new("putTeamMember", "PUT", "/teams/{id}/members/{sub}", Access.Token, request => PutTeamMember.Handle(request, users.Value)),
            new("removeTeamMember", "DELETE", "/teams/{id}/members/{sub}", Access.Token, request => RemoveTeamMember.Handle(request, users.Value)),
            .. AddedRoutes.All,
        ];
    }
}
