namespace Serverless;

/// <summary>A setting is missing or wrong. The message is one sentence: its name, what was given (never of a secret), what is expected.</summary>
public sealed class SettingException(string message, Exception? cause = null) : Exception(message, cause);
