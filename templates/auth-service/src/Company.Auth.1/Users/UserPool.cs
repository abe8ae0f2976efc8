using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Serverless;

namespace Company.Auth._1.Users;

/// <summary>
/// The user pool's operations on the caller's own account. They are authorized by the caller's access token, so no AWS credentials and
/// no rights of the function are used: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUser.html
/// </summary>
internal sealed class UserPool : IDisposable
{
    private const string NotAuthorized = "NotAuthorizedException";

    // The token was revoked or is one of another issuer, or the user is gone.
    private static readonly string[] Refusals = [NotAuthorized, "UserNotFoundException"];

    private readonly Uri? address;
    private readonly HttpClient http;

    private UserPool(Uri? address)
    {
        this.address = address;
        http = new HttpClient(new Trace.Handler(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }))
        {
            Timeout = TimeSpan.FromSeconds(3),
            MaxResponseContentBufferSize = 64 * 1024,
        };
    }

    /// <summary>Opens the pool that the settings name.</summary>
    /// <param name="setting">Gives a setting's text by its name. <c>USER_POOL_URL</c>: the address of Cognito; empty if the users are those of another issuer.</param>
    /// <exception cref="SettingException">The address is not a URL.</exception>
    public static UserPool Open(Func<string, string?> setting)
    {
        if (setting("USER_POOL_URL") is not { Length: > 0 } text)
            return new UserPool(null);
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            ? new UserPool(address)
            : throw new SettingException($"The setting USER_POOL_URL is \"{text}\". It must be the https URL of Cognito, such as https://cognito-idp.eu-west-1.amazonaws.com/.");
    }

    /// <summary>The caller's e-mail address, if they have proved that it is theirs: from the token, or from the pool if the token does not say.</summary>
    /// <returns>The address in lower case; null if none is verified.</returns>
    /// <exception cref="DependencyException">The pool does not answer.</exception>
    public async Task<string?> FindEmailAsync(ApiRequest request)
    {
        var caller = request.RequireCaller();
        if (caller.Email is not null)
            return caller.Email.ToLowerInvariant();
        if ((await CallAsync("GetUser", request)).Body is not { } answer)
            return null;
        var attributes = (JsonSerializer.Deserialize(answer, UserPoolJson.Default.PoolUser)?.UserAttributes ?? []).ToDictionary(attribute => attribute.Name, attribute => attribute.Value);
        // The token may be one of another pool.
        return attributes.GetValueOrDefault("sub") == caller.Sub && attributes.GetValueOrDefault("email_verified") == "true"
            ? attributes.GetValueOrDefault("email")?.ToLowerInvariant()
            : null;
    }

    /// <summary>Deletes the caller's account, if it is one of this pool. They cannot sign in any more.</summary>
    /// <exception cref="DependencyException">The pool does not answer.</exception>
    /// <exception cref="ProblemException">401: the pool no longer accepts the token, so the account is still there.</exception>
    public async Task DeleteUserAsync(ApiRequest request)
    {
        var (_, refusal) = await CallAsync("DeleteUser", request);
        if (refusal == NotAuthorized && IsOfThisPool(TokenOf(request)))
            throw new ProblemException(401, "sign_in_again", "The user pool no longer accepts the token, as after a global sign-out, so the account still exists. Sign in again and repeat the request.");
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static string TokenOf(ApiRequest request)
    {
        const string Scheme = "Bearer ";
        var authorization = request.Headers.GetValueOrDefault("Authorization") ?? "";
        return authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..] : authorization;
    }

    // Its issuer is the pool's URL at the same address. The authorizer has verified the token.
    private bool IsOfThisPool(string token)
    {
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]));
        return claims.RootElement.TryGetProperty("iss", out var issuer) && issuer.GetString()?.StartsWith(address!.AbsoluteUri, StringComparison.Ordinal) == true;
    }

    /// <summary>Calls an operation: the answer's body, or why the pool refuses the token. Neither if there is no pool to ask.</summary>
    private async Task<(byte[]? Body, string? Refusal)> CallAsync(string operation, ApiRequest request)
    {
        var token = TokenOf(request);
        if (address is null || token.Length == 0)
            return (null, null);

        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, address)
            {
                Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(new PoolRequest(token), UserPoolJson.Default.PoolRequest)),
            };
            message.Content.Headers.TryAddWithoutValidation("Content-Type", "application/x-amz-json-1.1");
            message.Headers.TryAddWithoutValidation("X-Amz-Target", $"AWSCognitoIdentityProviderService.{operation}");
            using var response = await http.SendAsync(message, request.Cancelled);
            var body = await response.Content.ReadAsByteArrayAsync(request.Cancelled);
            if (response.IsSuccessStatusCode)
                return (body, null);
            var text = Encoding.UTF8.GetString(body);
            if (response.StatusCode == HttpStatusCode.BadRequest && Array.Find(Refusals, refusal => text.Contains(refusal, StringComparison.Ordinal)) is { } refusal)
                return (null, refusal);
            throw new HttpRequestException($"{operation} answered {(int)response.StatusCode}.", null, response.StatusCode);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException && !request.Cancelled.IsCancellationRequested)
        {
            throw new DependencyException("The user pool", exception);
        }
    }
}

internal sealed record PoolRequest(string AccessToken);

internal sealed record PoolUser(IReadOnlyList<PoolAttribute>? UserAttributes);

internal sealed record PoolAttribute(string Name, string? Value);

[JsonSerializable(typeof(PoolRequest))]
[JsonSerializable(typeof(PoolUser))]
internal sealed partial class UserPoolJson : JsonSerializerContext;
