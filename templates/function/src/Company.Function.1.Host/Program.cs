using Company.Function._1.Host;

#if (http)
return await KestrelHost.RunAsync(() => HostedService.Build(args));
#elif (sqs)
return await KestrelHost.RunAsync(() => HostedQueue.Build(args));
#else
return await ScheduledRun.RunAsync(args, "expireTradeItems", HostedSchedule.Timeout, HostedSchedule.RunAsync);
#endif
