namespace Amazon.Lambda.CognitoEvents;

public abstract class CognitoTriggerResponse;
