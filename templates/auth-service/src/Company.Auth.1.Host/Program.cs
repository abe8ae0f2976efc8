using Company.Auth._1.Host;
using Serverless;

return await KestrelHost.RunAsync(() => HostedService.Build(args));
