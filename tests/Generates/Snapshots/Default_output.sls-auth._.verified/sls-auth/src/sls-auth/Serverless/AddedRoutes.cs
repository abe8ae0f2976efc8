namespace Serverless;

/// <summary>The routes of the functions under handlers/: each adds its own before the service begins, by being there.</summary>
public static class AddedRoutes
{
    private static readonly List<ApiRoute> Routes = [];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ApiRoute> All => Routes;

    /// <summary>Adds a route: from a module initializer, which runs before anything else of the assembly.</summary>
    public static void Add(ApiRoute route) => Routes.Add(route);
}
