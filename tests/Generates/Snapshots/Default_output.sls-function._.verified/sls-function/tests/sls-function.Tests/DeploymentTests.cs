namespace sls_function.Tests;

using Orders;

/// <summary>What holds for the CloudFormation of every service.</summary>
public sealed class DeploymentTests : DeploymentChecks;

/// <summary>What holds for the logs of every service but the forwarder.</summary>
public sealed class SubscriptionTests : SubscriptionChecks;

/// <summary>What holds for the roles of every service.</summary>
public sealed class RoleTests : RoleChecks;

/// <summary>What holds for the description of every HTTP API.</summary>
public sealed class OpenApiTests() : OpenApiChecks(Api.Routes(new Lazy<OrdersTable>(() => throw new InvalidOperationException("No request, no table."))));
