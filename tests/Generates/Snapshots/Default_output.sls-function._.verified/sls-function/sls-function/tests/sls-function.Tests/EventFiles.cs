using System.Text.Json.Nodes;

namespace sls_function.Tests;

/// <summary>The sample events in events/.</summary>
internal static class EventFiles
{
    /// <summary>The names of those of a function: its own name, and what comes after.</summary>
    public static IEnumerable<string> Of(string function) =>
        Directory.GetFiles(Folder, $"{function}*.json").Select(path => Path.GetFileNameWithoutExtension(path)!).Order();

    /// <summary>The text of one.</summary>
    public static string Read(string name) => File.ReadAllText(Path.Combine(Folder, $"{name}.json"));

    /// <summary>One as a document to change.</summary>
    public static JsonObject Parse(string name) => JsonNode.Parse(Read(name))!.AsObject();

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "events");
}
