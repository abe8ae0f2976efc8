using Amazon;
using Amazon.Runtime;
using Amazon.SQS;

namespace Serverless;

/// <summary>How a queue is reached.</summary>
internal static class Sqs
{
    /// <summary>For how long SQS waits for a message before it answers that there is none: the longest that it can, which is the fewest requests.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    /// <summary>A client.</summary>
    /// <param name="setting">
    /// Gives a setting's text by its name. <c>AWS_ENDPOINT_URL_SQS</c>: where SQS is, if it is an emulator. <c>AWS_REGION</c>: where the
    /// queue is, if it is in AWS.
    /// </param>
    /// <exception cref="SettingException">There is neither an emulator nor a region.</exception>
    public static IAmazonSQS Connect(Func<string, string?> setting)
    {
        var config = new AmazonSQSConfig { Timeout = LongestWait + TimeSpan.FromSeconds(10), MaxErrorRetry = 2 };
        if (setting("AWS_ENDPOINT_URL_SQS") is not { Length: > 0 } endpoint)
        {
            if (string.IsNullOrWhiteSpace(setting("AWS_REGION")))
                throw new SettingException("The setting AWS_REGION is missing; expected the region of the queue.");
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(Region(setting));
            return new AmazonSQSClient(config);
        }

        config.ServiceURL = endpoint;
        config.AuthenticationRegion = Region(setting);
        // An emulator on this machine takes any credentials, so none are asked for.
        return new UriBuilder(endpoint).Uri.IsLoopback ? new AmazonSQSClient(new BasicAWSCredentials("local", "local"), config) : new AmazonSQSClient(config);
    }

    /// <summary>The region of the setting <c>AWS_REGION</c>; without it, the one that an emulator is called with.</summary>
    public static string Region(Func<string, string?> setting) => setting("AWS_REGION") is { Length: > 0 } region ? region : RegionEndpoint.USEast1.SystemName;

    /// <summary>The URL of a queue.</summary>
    /// <exception cref="SettingException">The setting is missing, or is none.</exception>
    public static Uri QueueUrl(Func<string, string?> setting, string name) =>
        setting(name) is not { } text || string.IsNullOrWhiteSpace(text) ? throw new SettingException($"The setting {name} is missing; expected the URL of an SQS queue.")
        : Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Segments.Length == 3 ? url
        : throw new SettingException($"The setting {name} is \"{text}\"; expected the URL of an SQS queue, https://sqs.<region>.amazonaws.com/<account>/<name>.");
}
