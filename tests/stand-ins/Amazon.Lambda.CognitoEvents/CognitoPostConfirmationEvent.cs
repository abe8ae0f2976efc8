namespace Amazon.Lambda.CognitoEvents;

/// <summary>A user has confirmed a sign-up or a forgotten password.</summary>
public class CognitoPostConfirmationEvent
    : CognitoTriggerEvent<CognitoPostConfirmationRequest, CognitoPostConfirmationResponse>;
