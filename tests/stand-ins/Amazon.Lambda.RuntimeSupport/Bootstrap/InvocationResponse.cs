using System;
using System.IO;

namespace Amazon.Lambda.RuntimeSupport;

/// <summary>The bytes to answer an invocation with.</summary>
public class InvocationResponse(Stream outputStream, bool disposeOutputStream)
{
    public InvocationResponse(Stream outputStream)
        : this(outputStream, true)
    {
    }

    public Stream OutputStream { get; set; } = outputStream ?? throw new ArgumentNullException(nameof(outputStream));

    /// <summary>Whether the stream is disposed once it is sent.</summary>
    public bool DisposeOutputStream { get; } = disposeOutputStream;
}
