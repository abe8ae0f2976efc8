using sls_function.Host;

return await KestrelHost.RunAsync(() => HostedService.Build(args));
