namespace sls_auth.Users;

/// <summary>A user as the venture knows them, with the teams they are in.</summary>
/// <param name="Sub">The identifier that tokens carry, for good.</param>
/// <param name="Email">Null until the pool has told it: an access token does not.</param>
/// <param name="CreatedAt">When the row was made.</param>
/// <param name="Memberships">The teams that the user is a member of, 100 at most.</param>
internal sealed record User(string Sub, string? Email, DateTimeOffset CreatedAt, IReadOnlyList<Membership> Memberships);

/// <summary>A user's place in a team.</summary>
/// <param name="TeamId">The team.</param>
/// <param name="Sub">The user.</param>
/// <param name="Role">The role, which brings permissions.</param>
/// <param name="Extra">Permissions beyond those of the role.</param>
internal sealed record Membership(string TeamId, string Sub, Role Role, IReadOnlyList<string> Extra)
{
    /// <summary>All that the member may do in the team.</summary>
    public IReadOnlyList<string> Permissions { get; } = [.. Permission.Of(Role).Union(Extra)];

    /// <summary>Whether the member may do this in the team.</summary>
    public bool May(string permission) => Permissions.Contains(permission);
}

/// <summary>A team, and who is in it.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Name">What its members call it.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Members">Everyone in it; a change of the last second may be missing.</param>
internal sealed record Team(string Id, string Name, DateTimeOffset CreatedAt, IReadOnlyList<Membership> Members);
