namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier;

/// <summary>Why a verification failed. The numbers are exit codes of <c>dotnet new</c>: https://aka.ms/templating-exit-codes.</summary>
public enum TemplateVerificationErrorCode
{
    VerificationFailed = 65,
    InternalError = 70,
    WorkingDirectoryExists = 73,
    InstantiationFailed = 100,
    TemplateDoesNotExist = 103,
    InstallFailed = 106,
    InvalidOption = 127,
}
