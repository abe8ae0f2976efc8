using System.Buffers;
using Serverless;

namespace sls_venture.Auth.Users;

/// <summary>A member's role in a team.</summary>
internal enum Role
{
    /// <summary>Uses the team's things.</summary>
    Member,

    /// <summary>Decides who is in the team. A team has at least one admin.</summary>
    Admin,
}

/// <summary>The names of the roles, in the table and in the API.</summary>
internal static class RoleName
{
    /// <summary>The name of a role.</summary>
    public static string Of(Role role) => role == Role.Admin ? "admin" : "member";

    /// <summary>The role of that name, letter by letter; null if there is none.</summary>
    public static Role? Find(string name) => name switch
    {
        "admin" => Role.Admin,
        "member" => Role.Member,
        _ => null,
    };
}

/// <summary>
/// What a member of a team may do: <c>&lt;thing&gt;:&lt;action&gt;</c>. The permissions are the venture's own, so they are defined here and
/// not in the pool: add yours, and ask for it with <see cref="UsersTable.RequirePermissionAsync"/>.
/// </summary>
internal static class Permission
{
    /// <summary>To see the team and its members.</summary>
    public const string ReadTeam = "team:read";

    /// <summary>To invite people, remove members, change their roles, and rename or delete the team.</summary>
    public const string ManageTeam = "team:manage";

    private static readonly SearchValues<char> Characters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
    private const int MaxExtra = 32;

    private static readonly string[] OfMember = [ReadTeam];
    private static readonly string[] OfAdmin = [ReadTeam, ManageTeam];

    /// <summary>The permissions that come with a role.</summary>
    public static IReadOnlyList<string> Of(Role role) => role == Role.Admin ? OfAdmin : OfMember;

    /// <summary>Reads the permissions that a request asks for.</summary>
    /// <exception cref="ProblemException">400: there are too many, or one has another form.</exception>
    public static IReadOnlyList<string> Read(IReadOnlyList<string>? permissions)
    {
        if (permissions?.Count > MaxExtra)
            throw new ProblemException(400, "invalid_permissions", $"There are {permissions.Count} permissions. At most {MaxExtra} are allowed.");
        return permissions is null || permissions.All(IsValid)
            ? [.. (permissions ?? []).Distinct()]
            : throw new ProblemException(400, "invalid_permissions", "A permission is not of the form <thing>:<action>, in lower-case letters, digits and hyphens.");
    }

    /// <summary>Whether a text has the form of a permission: lower-case letters, digits and hyphens around one colon, 64 at most.</summary>
    public static bool IsValid(string? text)
    {
        if (text is null)
            return false;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && colon < text.Length - 1 && text.Length <= 64
            && text.AsSpan(0, colon).IndexOfAnyExcept(Characters) < 0
            && text.AsSpan(colon + 1).IndexOfAnyExcept(Characters) < 0;
    }
}
