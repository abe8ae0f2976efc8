using System.Text.Json;

namespace sls_venture.LogForwarder;

/// <summary>Where the lines are shipped to, and as whom: the JSON <c>{"url": "https://…", "token": "…"}</c>. Never logged.</summary>
public sealed class Credentials
{
    private Credentials(Uri url, string token)
    {
        Url = url;
        Token = token;
    }

    /// <summary>The destination's address.</summary>
    public Uri Url { get; }

    /// <summary>The destination's token; empty where the address is the secret.</summary>
    public string Token { get; }

    /// <summary>Reads the JSON.</summary>
    /// <param name="json">The secret.</param>
    /// <param name="origin">Where it comes from, for the message.</param>
    /// <param name="hasToken">Whether a token is expected.</param>
    /// <exception cref="SettingException">It is of another form. The message repeats nothing of it.</exception>
    public static Credentials Parse(string json, string origin, bool hasToken)
    {
        var form = hasToken ? """{"url":"https://…","token":"…"}""" : """{"url":"https://…"}""";
        try
        {
            using var document = JsonDocument.Parse(json);
            var url = Text(document.RootElement, "url");
            var token = Text(document.RootElement, "token");
            if (url is null || hasToken && string.IsNullOrEmpty(token))
                throw new SettingException($"{origin} lacks the member {(url is null ? "url" : "token")}; must be {form}.");
            // A line break at the end is the usual one: the secret was stored from a file.
            if (!IsPrintable(url) || token is not null && !IsPrintable(token))
                throw new SettingException(
                    $"{origin} has a {(IsPrintable(url) ? "token" : "url")} with a blank, a line break or another character that cannot be in one; store it again without that character.");
            if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
                throw new SettingException($"{origin} has a url that is not https://…; must be {form}; plain http is only for an address on this machine.");
            return new Credentials(address, token ?? "");
        }
        catch (JsonException)
        {
            throw new SettingException($"{origin} is not JSON; must be {form}.");
        }
    }

    private static bool IsPrintable(string text) => text.All(c => c is > ' ' and < '\x7f');

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
