using System.Buffers.Binary;
using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Serverless.Runtime;

/// <summary>
/// A TCP connection on this machine. On Linux it is made by the system's own calls: the first <see cref="Socket"/> of a process starts
/// a thread that waits for all of them, and waits until it runs: a twentieth of a function's start, more on a busy processor.
/// </summary>
internal static partial class LocalSocket
{
    private const int InterNetwork = 2;
    private const int StreamClosedOnExec = 1 | 0x80000;
    private const int Tcp = 6;
    private const int NoDelay = 1;

    /// <summary>Connects.</summary>
    /// <param name="host">Host and port; port 80 if there is none.</param>
    /// <exception cref="IOException">Nobody listens there.</exception>
    public static Stream Connect(string host)
    {
        var colon = host.LastIndexOf(':');
        var port = colon < 0 ? 80 : ushort.Parse(host.AsSpan(colon + 1), CultureInfo.InvariantCulture);
        var name = colon < 0 ? host : host[..colon];
        if (OperatingSystem.IsLinux() && IPAddress.TryParse(name, out var address) && address.AddressFamily == AddressFamily.InterNetwork)
            return ConnectOnLinux(address, (ushort)port);

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(name, port);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new IOException(exception.Message, exception);
        }

        return new NetworkStream(socket, ownsSocket: true);
    }

    private static FileStream ConnectOnLinux(IPAddress address, ushort port)
    {
        var handle = new SafeFileHandle(Socket(InterNetwork, StreamClosedOnExec, 0), ownsHandle: true);
        // struct sockaddr_in: the family as the machine stores numbers, port and address big-endian.
        Span<byte> target = stackalloc byte[16];
        target.Clear();
        target[0] = InterNetwork;
        BinaryPrimitives.WriteUInt16BigEndian(target[2..], port);
        address.TryWriteBytes(target[4..], out _);
        if (handle.IsInvalid || Connect(handle, target, target.Length) < 0 || SetOption(handle, Tcp, NoDelay, 1, sizeof(int)) < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw new IOException($"Cannot connect to {address}:{port}: {Marshal.GetPInvokeErrorMessage(error)}", new Win32Exception(error));
        }

        return new FileStream(handle, FileAccess.ReadWrite, bufferSize: 0);
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial nint Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(SafeFileHandle socket, ReadOnlySpan<byte> address, int length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(SafeFileHandle socket, int level, int option, in int value, int length);
}
