using System.Text.Json.Serialization;
using Amazon.Lambda.APIGatewayEvents;
using Amazon.Lambda.Core;
using Serverless;
using Serverless.Tokens;

namespace sls_venture.Auth.Functions;

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
    /// <returns>Null if the token cannot be judged yet: API Gateway answers with 500 then, and caches nothing.</returns>
    public static async Task<APIGatewayCustomAuthorizerV2SimpleResponse?> Handle(
        APIGatewayCustomAuthorizerV2Request request, ILambdaContext context, TokenVerifier verifier)
    {
        if (Header(request, Trace.Header) is { } trace && Trace.IsValid(trace))
            Trace.Current = trace;

        Verdict verdict;
        try
        {
            verdict = await verifier.VerifyAsync(Header(request, "authorization"), CancellationToken.None);
        }
        catch (DependencyException exception)
        {
            context.Logger.LogError(exception, "Cannot decide: {Dependency} is not available in trace {RequestTrace}", exception.Dependency, Trace.Current ?? "");
            throw;
        }

        if (verdict is Undecided undecided)
        {
            context.Logger.LogWarning("Undecided: key {KeyId} is not published yet, in trace {RequestTrace}", undecided.KeyId, Trace.Current ?? "");
            return null;
        }

        var caller = (verdict as Admitted)?.ToContext();
        if (caller?.Sum(value => value.Key.Length + value.Value.Length) > MaxContextLength)
        {
            verdict = new Denied("context_too_large", null, ((Admitted)verdict).Subject);
            caller = null;
        }

        if (verdict is Denied denied)
        {
            context.Logger.LogWarning(
                "Denied: {Reason}, key {KeyId}, subject {Subject}, in trace {RequestTrace}",
                denied.Reason, denied.KeyId ?? "", denied.Subject ?? "", Trace.Current ?? "");
        }

        return new APIGatewayCustomAuthorizerV2SimpleResponse
        {
            IsAuthorized = caller is not null,
            Context = caller?.ToDictionary(value => value.Key, object (value) => value.Value),
        };
    }

    // A header in any case, null if it is missing. Several of one name are joined by a comma, as API Gateway joins them.
    private static string? Header(APIGatewayCustomAuthorizerV2Request request, string name)
    {
        string? found = null;
        foreach (var (key, value) in request.Headers ?? [])
        {
            if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
                found = found is null ? value : $"{found},{value}";
        }

        return found;
    }
}

/// <summary>The authorizer's events, without reflection. The context's values are strings.</summary>
[JsonSerializable(typeof(APIGatewayCustomAuthorizerV2Request))]
[JsonSerializable(typeof(APIGatewayCustomAuthorizerV2SimpleResponse))]
[JsonSerializable(typeof(string))]
internal sealed partial class AuthorizerJson : JsonSerializerContext;
