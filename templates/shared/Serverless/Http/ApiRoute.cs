namespace Serverless;

/// <summary>Who may call a route.</summary>
public enum Access
{
    /// <summary>Callers with a token that the authorizer accepts.</summary>
    Token,

    /// <summary>Callers who sign the request with AWS credentials that IAM allows, such as those from the identity pool.</summary>
    Iam,

    /// <summary>Anyone: the route has no authorizer, and the request has no caller.</summary>
    Anyone,
}

/// <summary>A route, and the function behind it.</summary>
/// <param name="Function">The function's name, as in serverless.yml.</param>
/// <param name="Method">In capitals: <c>GET</c>, <c>POST</c>, …</param>
/// <param name="Path">With names in braces: <c>/teams/{id}</c>.</param>
/// <param name="Access">Who may call it.</param>
/// <param name="Handle">Answers a request.</param>
public sealed record ApiRoute(string Function, string Method, string Path, Access Access, Func<ApiRequest, Task<ApiResponse>> Handle)
{
    /// <summary>The route as API Gateway writes it: <c>GET /teams/{id}</c>.</summary>
    public string Key { get; } = $"{Method} {Path}";

    /// <summary>
    /// Answers a request: every exception becomes a problem, and every problem a line in the log with the trace id, but without
    /// the request's content.
    /// </summary>
    /// <param name="read">Reads the request; what it throws is answered too.</param>
    /// <param name="log">Writes a line; the exception is null where the problem says all.</param>
    /// <param name="time">The clock that a caller's token is held against.</param>
    /// <param name="cancelled">Is cancelled when nobody waits for the answer any more.</param>
    public async Task<ApiResponse> AnswerAsync(
        Func<Task<ApiRequest>> read, Action<Problem, Exception?> log, TimeProvider time, CancellationToken cancelled = default)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(log);
        ApiResponse response;
        Exception? unexpected = null;
        try
        {
            var request = await read();
            if (request.Body.Length > ApiRequest.MaxBodyBytes)
                throw ProblemException.BodyTooLarge(request.Body.Length);
            if (Access != Access.Anyone && request.RequireCaller().HasExpired(time))
                throw new ProblemException(401, "expired", "The token has expired; expected one that is still valid.");
            response = await Handle(request);
        }
        catch (ProblemException exception)
        {
            response = ApiResponse.From(exception.ToProblem());
        }
        catch (DependencyException exception)
        {
            unexpected = exception;
            response = ApiResponse.From(Problem.Of(503, "dependency_unavailable", "A service that the answer depends on is not available; please try again."));
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            // Nobody waits for it: 499, as proxies write it.
            return new ApiResponse(499);
        }
#pragma warning disable CA1031 // The last place where a failure can still be answered.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            unexpected = exception;
            response = ApiResponse.From(Problem.Of(500, "internal_error", "The request could not be answered; the trace id names it."));
        }

        if (response.Problem is not null)
            log(response.Problem, unexpected);
        return response;
    }
}
