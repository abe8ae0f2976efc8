namespace sls_venture.Auth.Users;

/// <summary>A user as the venture knows them.</summary>
/// <param name="Sub">The identifier that tokens carry, which never changes.</param>
/// <param name="Email">The address; null until the trigger, a token or the pool has told it.</param>
/// <param name="CreatedAt">When the row was made.</param>
/// <param name="Memberships">The first page of the teams that the user is in.</param>
/// <param name="Next">Where the next page begins; null if there is none.</param>
internal sealed record User(string Sub, string? Email, DateTimeOffset CreatedAt, IReadOnlyList<Membership> Memberships, string? Next);

/// <summary>A user's place in a team.</summary>
/// <param name="TeamId">The team.</param>
/// <param name="Sub">The user.</param>
/// <param name="Role">The role, which brings permissions.</param>
/// <param name="Extra">Permissions beyond those of the role.</param>
internal sealed record Membership(string TeamId, string Sub, Role Role, IReadOnlyList<string> Extra)
{
    /// <summary>Everything that the member may do in the team.</summary>
    public IReadOnlyList<string> Permissions { get; } = [.. Permission.Of(Role).Union(Extra)];

    /// <summary>Whether the member may do this in the team.</summary>
    public bool May(string permission) => Permissions.Contains(permission);
}

/// <summary>A team, and a page of its members.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Name">What its members call it.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Members">A page of the members; a change of the last second may be missing.</param>
/// <param name="Next">Where the next page begins; null if there is none.</param>
internal sealed record Team(string Id, string Name, DateTimeOffset CreatedAt, IReadOnlyList<Membership> Members, string? Next);

/// <summary>An invitation to a team, for the owner of an e-mail address.</summary>
/// <param name="TeamId">The team.</param>
/// <param name="TeamName">What its members called it when they sent the invitation.</param>
/// <param name="Email">The address, in lower case.</param>
/// <param name="Role">The role that the invited person gets.</param>
/// <param name="Extra">Permissions beyond those of the role.</param>
/// <param name="ExpiresAt">Until when it can be accepted.</param>
internal sealed record Invitation(string TeamId, string TeamName, string Email, Role Role, IReadOnlyList<string> Extra, DateTimeOffset ExpiresAt);
