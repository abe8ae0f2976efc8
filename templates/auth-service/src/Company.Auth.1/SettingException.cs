namespace Company.Auth._1;

/// <summary>A setting is missing or not of the form expected: one sentence says which, what it is and what is expected.</summary>
internal sealed class SettingException(string message) : Exception(message);
