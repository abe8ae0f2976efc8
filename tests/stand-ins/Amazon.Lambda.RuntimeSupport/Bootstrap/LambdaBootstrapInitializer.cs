using System.Threading.Tasks;

namespace Amazon.Lambda.RuntimeSupport;

/// <summary>Runs before the first invocation. False: nothing is run.</summary>
public delegate Task<bool> LambdaBootstrapInitializer();
