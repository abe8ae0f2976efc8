namespace Serverless.Testing;

/// <summary>A function of the service in a process of its own, as Lambda runs it: the built binary, over a <see cref="RuntimeApi"/>.</summary>
public sealed class RunningFunction : RunningProgram
{
    private RunningFunction(string binary, IReadOnlyDictionary<string, string?> environment)
        : base(binary, [], environment)
    {
    }

    /// <summary>
    /// Starts the binary: <c>bootstrap.dll</c> beside the tests, or the file that the environment variable <c>SERVICE_BINARY</c>
    /// names, such as the native one.
    /// </summary>
    /// <param name="handler">The function, as the <c>handler:</c> of serverless.yml names it.</param>
    /// <param name="api">Hands it its invocations, under the handler's name.</param>
    /// <param name="environment">Variables to set beside those that Lambda sets; null takes one away.</param>
    public static RunningFunction Start(string handler, RuntimeApi api, IReadOnlyDictionary<string, string?>? environment = null)
    {
        ArgumentNullException.ThrowIfNull(api);
        var binary = Environment.GetEnvironmentVariable("SERVICE_BINARY") ?? Path.Combine(AppContext.BaseDirectory, "bootstrap.dll");
        var variables = new Dictionary<string, string?>
        {
            ["_HANDLER"] = handler,
            ["AWS_LAMBDA_RUNTIME_API"] = api.AddressOf(handler),
            ["AWS_LAMBDA_FUNCTION_NAME"] = $"service-dev-{handler}",
            ["AWS_LAMBDA_FUNCTION_VERSION"] = "$LATEST",
            ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = IsManaged(binary) ? "512" : "128",
            ["AWS_LAMBDA_LOG_GROUP_NAME"] = $"/aws/lambda/service-dev-{handler}",
            ["AWS_LAMBDA_LOG_STREAM_NAME"] = "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef",
            ["AWS_LAMBDA_LOG_FORMAT"] = "JSON",
            ["AWS_REGION"] = "ap-southeast-2",
            ["AWS_ACCESS_KEY_ID"] = "test",
            ["AWS_SECRET_ACCESS_KEY"] = "test",
            ["AWS_SESSION_TOKEN"] = "test",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            variables[name] = value;
        return new RunningFunction(binary, variables);
    }
}
