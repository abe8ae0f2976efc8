namespace sls_venture.LogForwarder;

/// <summary>
/// The requests that a function's log stream is in the middle of. Most environments serve one request after the other, so a line
/// that names no request belongs to the one that is open. Lambda Managed Instances serve several at a time; then it belongs to none
/// that could be told.
/// </summary>
/// <param name="isInterleaved">Whether the event's lines are known to be of several requests in turns.</param>
public sealed class OpenRequests(bool isInterleaved)
{
    private readonly List<Guid> started = [];
    private readonly HashSet<Guid> seen = [];
    private bool hasStart;
    private bool isText;
    private Guid current;

    /// <summary>The request of a line, and what the line says about the requests that are open from then on.</summary>
    /// <param name="fields">The line.</param>
    /// <param name="request">The request, if it can be told.</param>
    /// <returns>Whether it can be told.</returns>
    public bool TryFollow(scoped in LineFields fields, out Guid request)
    {
        var hasId = RequestTrace.TryParseRequestId(fields.RequestId, out request);
        if (fields.IsPlatform)
        {
            if (hasId && fields.StartsRequest)
                Start(request);
            else if (hasId && fields.EndsRequest)
                End(request);
            isText |= fields.IsRuntimeText;
            return hasId;
        }
        if (hasId && IsOfRuntime(fields, request))
        {
            if (!hasStart)
                Continue(request);
            isText |= fields.IsRuntimeText;
            return true;
        }

        // The id, if there is one, is a field of the function's own: of another system's request.
        request = hasStart ? started.Count == 1 ? started[0] : default : isInterleaved ? default : current;
        return request != default;
    }

    /// <summary>Whether a line that names no request could be of several.</summary>
    public bool AreSeveral => hasStart ? started.Count > 1 : isInterleaved;

    // Where the runtime writes text, and within a request that Lambda has announced, a JSON line's requestId is not the runtime's, unless
    // it is that of an open request.
    private bool IsOfRuntime(scoped in LineFields fields, Guid request) =>
        started.Contains(request) || fields.IsRuntimeText || fields.IsOfRuntime && !isText && started.Count == 0;

    private void Start(Guid request)
    {
        hasStart = true;
        if (!started.Contains(request))
            started.Add(request);
    }

    private void End(Guid request)
    {
        started.Remove(request);
        if (current == request)
            current = default;
    }

    private void Continue(Guid request)
    {
        if (request == current)
            return;
        // It comes back after a line of another: neither had ended.
        isInterleaved |= !seen.Add(request);
        current = request;
    }
}
