using sls_venture.Auth.Host;
using Serverless;

return await KestrelHost.RunAsync(() => HostedService.Build(args));
