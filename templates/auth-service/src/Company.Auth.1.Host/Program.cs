using Company.Auth._1;
using Company.Auth._1.Host;

try
{
    await using var app = HostedService.Build(args);
    await app.RunAsync();
    return 0;
}
catch (SettingException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
