namespace sls_forwarder;

/// <summary>
/// The event is not what CloudWatch Logs sends. The message is one sentence, what was given and what is expected, and repeats
/// nothing of the event.
/// </summary>
public sealed class MalformedEventException(string message, Exception? cause = null) : Exception(message, cause);
