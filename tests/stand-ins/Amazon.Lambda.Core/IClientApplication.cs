namespace Amazon.Lambda.Core;

/// <summary>The application that calls through the AWS Mobile SDK.</summary>
public interface IClientApplication
{
    string AppPackageName { get; }

    string AppTitle { get; }

    string AppVersionCode { get; }

    string AppVersionName { get; }

    string InstallationId { get; }
}
