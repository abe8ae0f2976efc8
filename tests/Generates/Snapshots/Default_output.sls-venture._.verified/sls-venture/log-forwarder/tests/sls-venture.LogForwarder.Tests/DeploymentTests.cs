namespace sls_venture.LogForwarder.Tests;

/// <summary>What holds for the CloudFormation of every service.</summary>
public sealed class DeploymentTests : DeploymentChecks;

/// <summary>What holds for the roles of every service.</summary>
public sealed class RoleTests : RoleChecks;
