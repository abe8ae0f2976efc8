using System.Diagnostics.CodeAnalysis;

namespace Serverless.Templates.Bench;

/// <summary>Another executable that speaks the Lambda Runtime API, measured in the same turns: one that answers any event, or another build of one of the services.</summary>
internal sealed record Peer(string Name, string Path)
{
    /// <summary>Reads <c>name=path</c>, the path of an executable that is there.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Peer? peer)
    {
        peer = text.Split('=', 2) is [{ Length: > 0 } name, { Length: > 0 } path] && File.Exists(path) ? new Peer(name, System.IO.Path.GetFullPath(path)) : null;
        return peer is not null;
    }
}
