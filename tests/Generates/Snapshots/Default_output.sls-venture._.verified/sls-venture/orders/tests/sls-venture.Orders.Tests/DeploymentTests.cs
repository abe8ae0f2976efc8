namespace sls_venture.Orders.Tests;

/// <summary>What holds for the CloudFormation of every service.</summary>
public sealed class DeploymentTests : DeploymentChecks;

/// <summary>What holds for the logs of every service but the forwarder.</summary>
public sealed class SubscriptionTests : SubscriptionChecks;

/// <summary>What holds for the roles of every service.</summary>
public sealed class RoleTests : RoleChecks;
