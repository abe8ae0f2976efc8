using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace Amazon.Lambda.CognitoEvents;

public class CognitoPostConfirmationRequest : CognitoTriggerRequest
{
    [JsonPropertyName("clientMetadata")]
    public Dictionary<string, string> ClientMetadata { get; set; } = [];
}
