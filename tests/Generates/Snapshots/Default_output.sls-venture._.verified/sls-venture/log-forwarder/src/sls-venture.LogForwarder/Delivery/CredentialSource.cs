using System.Buffers;
using System.Net;
using System.Text.Json;

namespace sls_venture.LogForwarder;

/// <summary>
/// Fetches the destination's credentials when they are first needed, and again when the destination refuses them: from Parameter
/// Store or Secrets Manager through the AWS Parameters and Secrets Lambda Extension, which listens on localhost.
/// </summary>
/// <remarks>
/// The extension must not cache (<c>PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED: false</c>), or it would answer with the secret that
/// was just refused: the cache is here. It serves invocations only, not the start of an environment.
/// </remarks>
public sealed class CredentialSource : IDisposable
{
    private const int Attempts = 4;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    // What the name of a parameter or of a secret may hold, and an ARN. JSON is neither: a secret that was put there by mistake must not get into the log.
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+=.@-:");

    private readonly string setting;
    private readonly string? local;
    private readonly Uri? address;
    private readonly bool hasToken;
    private readonly Func<string, string?> variable;
    // Never through a proxy: the secret stays on this machine.
    private readonly HttpClient extension = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private Credentials? current;

    /// <param name="variable">
    /// Reads the environment: <c>DESTINATION_SECRET</c>, that is <c>ssm:&lt;parameter&gt;</c> or <c>secretsmanager:&lt;secret&gt;</c>; or, if
    /// it is not set, for local runs, <c>DESTINATION_CREDENTIALS</c>, the JSON itself.
    /// </param>
    /// <param name="hasToken">Whether the destination wants a token beside the URL.</param>
    /// <exception cref="SettingException">Neither is set, or the first has another form. The message repeats nothing of it.</exception>
    public CredentialSource(Func<string, string?> variable, bool hasToken)
    {
        ArgumentNullException.ThrowIfNull(variable);
        this.variable = variable;
        this.hasToken = hasToken;
        local = variable("DESTINATION_CREDENTIALS");
        setting = variable("DESTINATION_SECRET") ?? "";
        if (setting.Length == 0 && !string.IsNullOrEmpty(local))
            return;

        var port = variable("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT") ?? "2773";
        var (service, name) = setting.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
            && !setting.AsSpan().ContainsAnyExcept(NameCharacters)
            ? (setting[..colon], Uri.EscapeDataString(setting[(colon + 1)..]))
            : ("", "");
        address = (service, name) switch
        {
            ("ssm", not "") => new Uri($"http://localhost:{port}/systemsmanager/parameters/get?name={name}&withDecryption=true"),
            ("secretsmanager", not "") => new Uri($"http://localhost:{port}/secretsmanager/get?secretId={name}"),
            _ => throw new SettingException(
                "DESTINATION_SECRET does not say where the destination's credentials are kept; must be ssm:<parameter name> or secretsmanager:<secret name or ARN>."),
        };
    }

    /// <summary>The credentials, fetched if they have not been.</summary>
    public async ValueTask<Credentials> GetAsync(Deadline deadline) => current ??= await FetchAsync(deadline);

    /// <summary>Fetches the credentials again.</summary>
    /// <returns>Whether they have changed.</returns>
    public async Task<bool> RefreshAsync(Deadline deadline)
    {
        var old = current;
        current = await FetchAsync(deadline);
        return old is null || old.Url != current.Url || old.Token != current.Token;
    }

    /// <inheritdoc/>
    public void Dispose() => extension.Dispose();

    private async Task<Credentials> FetchAsync(Deadline deadline)
    {
        if (address is null)
            return Credentials.Parse(local!, "DESTINATION_CREDENTIALS", hasToken);

        for (var attempt = 1; ; attempt++)
        {
            string failure;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                request.Headers.Add("X-Aws-Parameters-Secrets-Token", variable("AWS_SESSION_TOKEN") ?? "");
                using var timeout = deadline.Timeout(RequestTimeout);
                using var response = await extension.SendAsync(request, timeout.Token);
                if (response.StatusCode == HttpStatusCode.OK)
                    return Credentials.Parse(await ReadSecretAsync(response), setting, hasToken);
                failure = $"the extension answered {(int)response.StatusCode}";
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                failure = e is HttpRequestException ? "the extension could not be reached" : "the extension did not answer in time";
            }

            // It answers 400 while it is still starting.
            var pause = TimeSpan.FromMilliseconds(50 << attempt);
            if (attempt == Attempts || pause >= deadline.Remaining)
                throw new SettingException(
                    $"DESTINATION_SECRET, {setting}, could not be read: {failure}. Check that it exists, that the function's role may read it, and that the function has the extension's layer.");
            await deadline.DelayAsync(pause);
        }
    }

    // {"Parameter":{"Value":"…"}} or {"SecretString":"…"}
    private async Task<string> ReadSecretAsync(HttpResponseMessage response)
    {
        try
        {
            using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
            var text = answer.RootElement.TryGetProperty("Parameter", out var parameter)
                ? parameter.GetProperty("Value")
                : answer.RootElement.GetProperty("SecretString");
            return text.GetString() ?? "";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new SettingException($"DESTINATION_SECRET, {setting}, is not text; must be a SecureString parameter or a secret string.");
        }
    }
}
