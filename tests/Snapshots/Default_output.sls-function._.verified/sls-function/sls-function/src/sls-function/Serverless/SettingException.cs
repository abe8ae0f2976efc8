namespace Serverless;

/// <summary>A setting is missing or not of the form expected; the message says which, and what is expected.</summary>
public sealed class SettingException(string message) : Exception(message);
