using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Serverless;

namespace Company.Function._1.TradeItems;

/// <summary>How the bucket with the uploaded trade items is reached.</summary>
internal static class Uploads
{
    /// <summary>A client. The setting <c>AWS_ENDPOINT_URL_S3</c> says where S3 is, if it is an emulator.</summary>
    public static IAmazonS3 Connect(Func<string, string?> setting)
    {
        var config = new AmazonS3Config { Timeout = TimeSpan.FromSeconds(5), MaxErrorRetry = 2, HttpClientFactory = new TracedHttp() };
        if (setting("AWS_ENDPOINT_URL_S3") is not { Length: > 0 } endpoint)
            return new AmazonS3Client(config);
        config.ServiceURL = endpoint;
        config.AuthenticationRegion = setting("AWS_REGION") is { Length: > 0 } given ? given : RegionEndpoint.USEast1.SystemName;
        // An emulator has no host name for every bucket.
        config.ForcePathStyle = true;
        return new Uri(endpoint).IsLoopback
            ? new AmazonS3Client(new BasicAWSCredentials("local", "local"), config)
            : new AmazonS3Client(config);
    }
}
