using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace Amazon.Lambda.CognitoEvents;

public abstract class CognitoTriggerRequest
{
    [JsonPropertyName("userAttributes")]
    public Dictionary<string, string> UserAttributes { get; set; } = [];
}
