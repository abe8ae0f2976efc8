namespace Amazon.Lambda.Core;

/// <summary>The Cognito identity that the AWS Mobile SDK authorized the call with.</summary>
public interface ICognitoIdentity
{
    string IdentityId { get; }

    string IdentityPoolId { get; }
}
