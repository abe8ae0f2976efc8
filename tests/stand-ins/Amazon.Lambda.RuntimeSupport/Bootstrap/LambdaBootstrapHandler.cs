using System.Threading.Tasks;

namespace Amazon.Lambda.RuntimeSupport;

/// <summary>Answers one invocation. What it throws is reported as the invocation's error.</summary>
public delegate Task<InvocationResponse> LambdaBootstrapHandler(InvocationRequest invocation);
