using Xunit;

namespace Serverless.Testing;

/// <summary>What holds for the logs of every service but the forwarder. A service's tests run these checks by a class that derives from this one.</summary>
public abstract class SubscriptionChecks : DeploymentTest
{
    [Fact]
    public void Subscribes_every_log_group_to_the_forwarder()
    {
        var groups = Deployed.Of("AWS::Logs::LogGroup").Select(group => (string)group.Value["LogGroupName"]!).ToList();
        var filters = Deployed.Of("AWS::Logs::SubscriptionFilter").ToList();

        Assert.NotEmpty(groups);
        // One for each function, and one for the access log of an HTTP API.
        Assert.Equal(Deployed.Of("AWS::Lambda::Function").Count() + Deployed.Of("AWS::ApiGatewayV2::Stage").Count(), groups.Count);
        Assert.Equal(groups.Order(), filters.Select(filter => (string)filter.Value["LogGroupName"]!).Order());
        Assert.All(filters, filter => Assert.Equal(Deployment.ForwarderArn, (string)filter.Value["DestinationArn"]!));
        Assert.DoesNotContain(Deployed.Of("AWS::Lambda::Permission"), permission => permission.Value.ToJsonString().Contains("logs.", StringComparison.Ordinal));
    }
}
