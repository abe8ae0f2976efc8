using Company.Forwarder._1.Functions;
using Serverless;

return await new Service()
    .On("forwarder", Forwarder.Handle)
    .BeforeFirstEventOf("forwarder", Forwarder.PrepareAsync)
    .On("redrive", Redrive.Handle, () => RedriveJson.Default.RedriveRequest, () => RedriveJson.Default.RedriveResult)
    .BeforeFirstEvent(SystemCertificates.ReadAsync)
    .RunAsync(args);
