namespace Serverless;

/// <summary>Something that a function stands on cannot be reached. It may help to try again: an HTTP client is answered 503, an event is delivered anew.</summary>
public sealed class DependencyException(string dependency, Exception inner)
    : Exception($"{dependency} cannot be reached or does not answer as it should: {inner?.GetType().Name}.", inner)
{
    /// <summary>What cannot be reached, as the log names it.</summary>
    public string Dependency { get; } = dependency;
}
