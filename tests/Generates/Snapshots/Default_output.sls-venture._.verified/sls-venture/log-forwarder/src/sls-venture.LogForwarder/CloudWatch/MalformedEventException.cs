namespace sls_venture.LogForwarder;

/// <summary>
/// The event is not what CloudWatch Logs sends. The message is one sentence: what was given and what is expected. It repeats nothing
/// of the event.
/// </summary>
public sealed class MalformedEventException(string message, Exception? cause = null) : Exception(message, cause);
