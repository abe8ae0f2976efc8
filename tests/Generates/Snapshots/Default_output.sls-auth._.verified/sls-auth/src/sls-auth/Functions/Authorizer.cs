using System.Text.Json.Serialization;
using Amazon.Lambda.Core;
using Serverless;
using Serverless.Tokens;

namespace sls_auth.Functions;

/// <summary>
/// Lets callers into the API, and into those of other services: a Lambda authorizer, payload format 2.0, simple responses.
/// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
/// </summary>
/// <remarks>
/// Its answers are cached, and one serves every route: so it says who is there, and stands on no database. What a route asks for
/// beyond that, the function behind it checks.
/// </remarks>
internal static class Authorizer
{
    /// <summary>The most that is handed on about a caller, in characters: a function's event has other things to carry.</summary>
    public const int MaxContextLength = 7 * 1024;

    /// <summary>Admits, or denies with a reason in the log. What keeps it from deciding is thrown: a denial would be cached.</summary>
    public static async Task<AuthorizerResponse> Handle(AuthorizerRequest request, ILambdaContext context, TokenVerifier verifier)
    {
        if (Trace.IsValid(request.Header(Trace.Header)))
            Trace.Current = request.Header(Trace.Header);

        Verdict verdict;
        try
        {
            verdict = await verifier.VerifyAsync(request.Header("authorization"), CancellationToken.None);
        }
        catch (DependencyException exception)
        {
            context.Logger.LogError(exception, "Cannot decide: {Dependency} is not available in trace {RequestTrace}", exception.Dependency, Trace.Current ?? "");
            throw;
        }

        var response = verdict is Admitted admitted ? new AuthorizerResponse(true, admitted.ToContext()) : AuthorizerResponse.Deny;
        if (response.Context is not null && response.Context.Sum(value => value.Key.Length + value.Value.Length) > MaxContextLength)
        {
            verdict = new Denied("context_too_large", null, ((Admitted)verdict).Subject);
            response = AuthorizerResponse.Deny;
        }

        if (verdict is Denied denied)
        {
            context.Logger.LogWarning(
                "Denied: {Reason}, key {KeyId}, subject {Subject}, in trace {RequestTrace}",
                denied.Reason, denied.KeyId ?? "", denied.Subject ?? "", Trace.Current ?? "");
        }

        return response;
    }
}

/// <summary>What of the authorizer's event is needed.</summary>
internal sealed record AuthorizerRequest(Dictionary<string, string>? Headers)
{
    /// <summary>
    /// A header in any case, null if it is missing. Several of one name are joined by a comma, as API Gateway joins them.
    /// </summary>
    public string? Header(string name)
    {
        string? found = null;
        foreach (var (key, value) in Headers ?? [])
        {
            if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
                found = found is null ? value : $"{found},{value}";
        }

        return found;
    }
}

/// <summary>A simple response: yes or no, and what the functions are told of the caller.</summary>
internal sealed record AuthorizerResponse(bool IsAuthorized, Dictionary<string, string>? Context)
{
    /// <summary>No, and nothing told.</summary>
    public static AuthorizerResponse Deny { get; } = new(false, null);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuthorizerRequest))]
[JsonSerializable(typeof(AuthorizerResponse))]
internal sealed partial class AuthorizerJson : JsonSerializerContext;
