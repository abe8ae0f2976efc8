using Xunit;

namespace Serverless.Testing;

/// <summary>Tests of the CloudFormation that would be deployed. It is packaged once; without <c>npm install</c> they are skipped.</summary>
public abstract class DeploymentTest : IAsyncLifetime
{
    internal static readonly Lazy<Task<Deployment>> Packaged = new(() => Deployment.PackageAsync("--param", $"forwarderArn={Deployment.ForwarderArn}"));

    /// <summary>The CloudFormation.</summary>
    protected Deployment Deployed { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Deployment.SkipWithoutPackages();
        Deployed = await Packaged.Value;
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
