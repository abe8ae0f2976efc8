namespace Serverless.Tests;

/// <summary>Which of the system's certificates are read.</summary>
public sealed class SystemCertificatesTests
{
    [Theory]
    [InlineData(null, null, true, true)]
    [InlineData(null, null, false, false)]
    [InlineData("/acme/ca.pem", null, true, false)]
    [InlineData(null, "/acme", true, false)]
    public void Leaves_the_folder_out_only_where_one_file_has_them_all(string? file, string? folder, bool isAmazonLinux, bool isSuperfluous) =>
        Assert.Equal(isSuperfluous, SystemCertificates.IsFolderSuperfluous(name => name == "SSL_CERT_FILE" ? file : folder, path => isAmazonLinux && path == "/etc/pki/tls/cert.pem"));
}
