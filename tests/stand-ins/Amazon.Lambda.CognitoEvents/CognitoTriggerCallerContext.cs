using System.Text.Json.Serialization;

namespace Amazon.Lambda.CognitoEvents;

/// <summary>The app client that the user came through.</summary>
public class CognitoTriggerCallerContext
{
    [JsonPropertyName("awsSdkVersion")]
    public string AwsSdkVersion { get; set; }

    [JsonPropertyName("clientId")]
    public string ClientId { get; set; }
}
