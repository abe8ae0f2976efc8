using System;

namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier;

/// <summary>A template is not what its snapshot says, or did not come about.</summary>
public class TemplateVerificationException : Exception
{
    public TemplateVerificationException(string message, TemplateVerificationErrorCode templateVerificationErrorCode)
        : base(message) => TemplateVerificationErrorCode = templateVerificationErrorCode;

    public TemplateVerificationException(
        string message, TemplateVerificationErrorCode templateVerificationErrorCode, Exception inner)
        : base(message, inner) => TemplateVerificationErrorCode = templateVerificationErrorCode;

    public TemplateVerificationErrorCode TemplateVerificationErrorCode { get; init; }
}
