namespace Company.Forwarder._1;

/// <summary>A header of one's own that the token goes in, with or without a word before it: <c>X-Api-Key</c>, <c>Authorization: Token</c>.</summary>
public sealed record TokenHeader(string Name, string Prefix)
{
    /// <summary>Reads the setting.</summary>
    /// <param name="setting">The setting's name, for the message.</param>
    /// <param name="value">Its value; null: there is none.</param>
    /// <exception cref="SettingException">It has another form. The message does not repeat it: it may be a token that was put there by mistake.</exception>
    public static TokenHeader? Parse(string setting, string? value)
    {
        if (value is null)
            return null;
        var parts = value.Split(':', 2);
        var word = parts.Length == 2 ? parts[1].Trim() : "";
        return parts[0].Length > 0 && parts[0].All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && word.All(c => c is > ' ' and <= '~')
            ? new TokenHeader(parts[0], word.Length > 0 ? $"{word} " : "")
            : throw new SettingException($"{setting} is not the name of a header, with or without a colon and one word; must be of the form X-Api-Key or Authorization: Token.");
    }

    /// <summary>Adds the token, which has no control character in it.</summary>
    public void Add(HttpRequestMessage request, string token)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(token);
        if (token.Length > 0)
            request.Headers.TryAddWithoutValidation(Name, Prefix + token);
    }
}
