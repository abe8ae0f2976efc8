using sls_auth.Host;
using Serverless;

return await KestrelHost.RunAsync(() => HostedService.Build(args));
