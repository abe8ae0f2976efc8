using Microsoft.AspNetCore.Http.Features;

namespace Company.Function._1.Host;

/// <summary>A request to a route of this host, inside the process.</summary>
internal static class RouteCall
{
    /// <summary>Sends a request.</summary>
    /// <param name="endpoint">The route.</param>
    /// <param name="verb">The HTTP method, in capitals.</param>
    /// <param name="url">The path and the query, encoded.</param>
    /// <param name="body">JSON, empty if there is none.</param>
    /// <param name="outer">The request that it is made for: its headers are taken over, but for those on its content and on gRPC.</param>
    /// <param name="cancelled">Is cancelled when nobody waits for the answer any more.</param>
    /// <returns>The answer; its body can be read.</returns>
    public static async Task<HttpResponse> SendAsync(RouteEndpoint endpoint, string verb, string url, byte[] body, HttpContext outer, CancellationToken cancelled)
    {
        var http = new DefaultHttpContext { RequestServices = outer.RequestServices, RequestAborted = cancelled, TraceIdentifier = outer.TraceIdentifier };
        foreach (var (name, value) in outer.Request.Headers)
            if (!name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) && !name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase) && !name.Equals("TE", StringComparison.OrdinalIgnoreCase))
                http.Request.Headers[name] = value;
        if (body.Length > 0)
            http.Request.ContentType = "application/json";
        http.Request.ContentLength = body.Length;
        http.Request.Body = new MemoryStream(body);
        http.Request.Method = verb;
        http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = url;
        if (url.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at)
            http.Request.QueryString = new QueryString(url[at..]);
        http.Response.Body = new MemoryStream();
        http.SetEndpoint(endpoint);
        await endpoint.RequestDelegate!(http);
        http.Response.Body.Position = 0;
        return http.Response;
    }
}
