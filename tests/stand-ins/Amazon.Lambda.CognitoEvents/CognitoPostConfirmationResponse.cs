namespace Amazon.Lambda.CognitoEvents;

/// <summary>Empty: Cognito expects nothing of this trigger.</summary>
public class CognitoPostConfirmationResponse : CognitoTriggerResponse;
