using sls_auth;
using sls_auth.Host;
using Serverless;

try
{
    await using var app = HostedService.Build(args);
    await app.RunAsync();
    return 0;
}
catch (InvalidOperationException exception) when (exception.Message.StartsWith("The setting ", StringComparison.Ordinal))
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
