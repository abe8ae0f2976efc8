using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace sls_venture.LogForwarder.Tests;

/// <summary>Speaks TLS for a server that does not, with a certificate of a private CA.</summary>
public sealed class TlsServer : Tunnel
{
    private readonly X509Certificate2 certificate;
    private readonly int port;

    private TlsServer(int port)
    {
        this.port = port;
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=Acme Private CA", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = authorityRequest.CreateSelfSigned(from, to);
        CertificateAuthority = Path.Combine(Path.GetTempPath(), $"ca-{Guid.NewGuid():n}.pem");
        File.WriteAllText(CertificateAuthority, authority.ExportCertificatePem());

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(authority, from, to, [1, 2, 3, 4]);
        using var withKey = signed.CopyWithPrivateKey(key);
        certificate = X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
        Listen();
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => new($"https://127.0.0.1:{Port}/");

    /// <summary>The path of the CA's certificate.</summary>
    public string CertificateAuthority { get; }

    /// <summary>Starts one before a server on this machine.</summary>
    public static TlsServer Start(int port) => new(port);

    /// <inheritdoc/>
    protected override async Task<(Stream Stream, int Port)?> OpenAsync(Stream connection, CancellationToken end)
    {
        var tls = new SslStream(connection);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, end);
        return (tls, port);
    }
}
