using System.Text.Json;

namespace sls_forwarder;

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
    /// <exception cref="SettingException">It is not what is expected. The message repeats nothing of it.</exception>
    public static Credentials Parse(string json, string origin, bool hasToken)
    {
        var form = hasToken ? """{"url":"https://…","token":"…"}""" : """{"url":"https://…"}""";
        try
        {
            using var document = JsonDocument.Parse(json);
            var url = Text(document.RootElement, "url");
            var token = Text(document.RootElement, "token");
            if (url is null || hasToken && string.IsNullOrEmpty(token))
                throw new SettingException($"{origin} lacks the member {(url is null ? "url" : "token")}; expected is {form}.");
            if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
                throw new SettingException($"{origin} has a url that is not https://…; expected is {form}, plain http only to this machine itself.");
            return new Credentials(address, token ?? "");
        }
        catch (JsonException)
        {
            throw new SettingException($"{origin} is not JSON; expected is {form}.");
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
