using sls_venture.Orders.Host;

return await KestrelHost.RunAsync(() => HostedService.Build(args));
