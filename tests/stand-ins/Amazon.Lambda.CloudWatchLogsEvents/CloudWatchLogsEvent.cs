using System.Runtime.Serialization;
using System.Text.Json.Serialization;

namespace Amazon.Lambda.CloudWatchLogsEvents;

/// <summary>A subscription's batch of log events, see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html.</summary>
public class CloudWatchLogsEvent
{
    public Log Awslogs { get; set; }

    [DataContract]
    public class Log
    {
        [DataMember(Name = "data", IsRequired = false)]
        [JsonPropertyName("data")]
        public string EncodedData { get; set; }
    }
}
