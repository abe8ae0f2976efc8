using Company.Function._1.Host;

return await KestrelHost.RunAsync(() => HostedService.Build(args));
