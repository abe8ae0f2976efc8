using Company.Forwarder._1.Functions;
using Serverless;

return await new Service()
    .On("forwarder", Forwarder.Handle)
    .BeforeFirstEventOf("forwarder", () => Task.WhenAll(SystemCertificates.ReadAsync(), Forwarder.PrepareAsync()))
    .On("redrive", Redrive.Handle, () => RedriveJson.Default.RedriveRequest, () => RedriveJson.Default.RedriveResult)
    .BeforeFirstEventOfOthers(SystemCertificates.ReadAsync)
    .RunAsync(args);
