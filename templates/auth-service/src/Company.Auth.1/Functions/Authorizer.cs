using System.Text.Json.Serialization;
using Amazon.Lambda.Core;
using Serverless;
using Serverless.Tokens;

namespace Company.Auth._1.Functions;

/// <summary>
/// Lets callers into the API, and into those of other services: a Lambda authorizer, payload format 2.0, simple responses.
/// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
/// </summary>
/// <remarks>
/// API Gateway caches the answer, and one answer serves every route. So it says who is calling and uses no database; what a route asks
/// for beyond that is checked by its function. For the same reason a token that cannot be judged yet is not denied but gets no answer:
/// the client gets a 500, which is not cached. That is not a failure of the function, so a stranger with invented keys raises no alarm.
/// </remarks>
internal static class Authorizer
{
    /// <summary>The most that is handed on about a caller, in characters: a function's event has other things to carry.</summary>
    public const int MaxContextLength = 7 * 1024;

    /// <summary>Admits the caller, or denies with a reason in the log. Throws if the keys cannot be fetched.</summary>
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

        if (verdict is Undecided undecided)
        {
            context.Logger.LogWarning("Undecided: key {KeyId} is not published yet, in trace {RequestTrace}", undecided.KeyId, Trace.Current ?? "");
            return AuthorizerResponse.None;
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

/// <summary>The part of the authorizer's event that is used.</summary>
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

/// <summary>A simple response: yes or no, and what the functions are told about the caller.</summary>
internal sealed record AuthorizerResponse(bool? IsAuthorized, Dictionary<string, string>? Context)
{
    /// <summary>No.</summary>
    public static AuthorizerResponse Deny { get; } = new(false, null);

    /// <summary>Neither yes nor no, which API Gateway answers with 500 and does not cache.</summary>
    public static AuthorizerResponse None { get; } = new(null, null);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuthorizerRequest))]
[JsonSerializable(typeof(AuthorizerResponse))]
internal sealed partial class AuthorizerJson : JsonSerializerContext;
