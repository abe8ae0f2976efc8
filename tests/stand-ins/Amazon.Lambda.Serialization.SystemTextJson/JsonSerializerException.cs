using System;

namespace Amazon.Lambda.Serialization.SystemTextJson;

/// <summary>An event or an answer that does not convert. What JSON itself objects to is the inner exception.</summary>
public class JsonSerializerException : Exception
{
    public JsonSerializerException(string message)
        : base(message)
    {
    }

    public JsonSerializerException(string message, Exception exception)
        : base(message, exception)
    {
    }
}
