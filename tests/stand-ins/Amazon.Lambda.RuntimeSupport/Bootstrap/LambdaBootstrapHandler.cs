using System.Threading.Tasks;

namespace Amazon.Lambda.RuntimeSupport;

/// <summary>Answers one invocation. What it throws is reported as the invocation's error.</summary>
public delegate Task<InvocationResponse> LambdaBootstrapHandler(InvocationRequest invocation);

/// <summary>Runs before the first invocation. False: nothing is run.</summary>
public delegate Task<bool> LambdaBootstrapInitializer();
