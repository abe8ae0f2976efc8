using sls_forwarder.Functions;
using Serverless;

return await new Service()
    .On("forwarder", Forwarder.Handle)
    .On("redrive", Redrive.Handle, RedriveJson.Default.RedriveRequest, RedriveJson.Default.RedriveResult)
    .RunAsync(args);
