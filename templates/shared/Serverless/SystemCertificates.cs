using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;

namespace Serverless;

/// <summary>
/// The certificates that the system trusts. On Linux .NET reads all of them before the first connection with TLS, which takes up to ten
/// times as much processor time as the rest of a function's start.
/// </summary>
public static partial class SystemCertificates
{
    // Where Amazon Linux has all of them in one file.
    private const string BundleOfAmazonLinux = "/etc/pki/tls/cert.pem";
    private const string FolderVariable = "SSL_CERT_DIR";

    /// <summary>
    /// Reads them now, while the function starts: then Lambda gives it more processor than while it handles an event. For functions
    /// that call AWS, or others, over TLS. Elsewhere than on Lambda it does nothing.
    /// </summary>
    public static Task ReadAsync()
    {
        if (!OperatingSystem.IsLinux() || !Service.StartsOnLambda)
            return Task.CompletedTask;
        if (IsFolderSuperfluous(Environment.GetEnvironmentVariable, File.Exists))
            _ = SetVariable(FolderVariable, "/none", 1);
        return Task.Run(() =>
        {
            using var roots = new X509Store(StoreName.Root, StoreLocation.LocalMachine);
            roots.Open(OpenFlags.ReadOnly);
            // Opening it reads nothing yet.
            foreach (var root in roots.Certificates)
                root.Dispose();
        });
    }

    // The folder beside Amazon Linux's file holds the same certificates twice more, and .NET would read them too. Whoever has set one of
    // the variables trusts others.
    internal static bool IsFolderSuperfluous(Func<string, string?> variable, Func<string, bool> exists) =>
        variable(FolderVariable) is null && variable("SSL_CERT_FILE") is null && exists(BundleOfAmazonLinux);

    // .NET's own variables are not those that the TLS library reads.
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int replace);
}
