namespace sls_venture.LogForwarder;

/// <summary>What to do when a request does not reach the destination. Never the exception's own words, which may name the URL.</summary>
public static class ConnectionFailure
{
    /// <summary>The failure's name in .NET, and where to look for its cause.</summary>
    public static string Describe(HttpRequestException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var advice = failure.HttpRequestError switch
        {
            HttpRequestError.SecureConnectionError =>
                "the function does not trust the destination's certificate or cannot agree on TLS; for a private CA set SSL_CERT_FILE, see README.md, \"Private CA, proxy, VPC\"",
            HttpRequestError.NameResolutionError =>
                "the host's name does not resolve; check the secret's url and, in a VPC, its DNS",
            HttpRequestError.ConnectionError =>
                "no connection to the host; check the secret's url and, in a VPC, the route and the security group, or set HTTPS_PROXY",
            HttpRequestError.ProxyTunnelError =>
                "the proxy of HTTPS_PROXY does not open a tunnel to the host; check its address, its credentials and what it allows",
            _ => null,
        };
        return advice is null ? $"{failure.HttpRequestError}" : $"{failure.HttpRequestError}: {advice}";
    }
}
