using System;

namespace Amazon.Lambda.RuntimeSupport;

/// <summary>The Runtime API did not answer as it should; the message holds up to 512 characters of what it said.</summary>
public class RuntimeApiClientException : Exception
{
    internal RuntimeApiClientException(string message, int statusCode, string response, Exception innerException)
        : base($"{message}\n\nStatus: {statusCode}\nResponse: \n{response[..Math.Min(response.Length, 512)]}", innerException)
    {
        StatusCode = statusCode;
        Response = response;
    }

    public int StatusCode { get; }

    public string Response { get; }
}
