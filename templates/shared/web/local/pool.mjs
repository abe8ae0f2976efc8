// The local user pool, as the page sees it: cognito-local, and what Cognito does beyond it.

const send = async (address, operation, input) => {
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': `AWSCognitoIdentityProviderService.${operation}` },
    body: JSON.stringify(input),
  });
  return { status: response.status, body: await response.text() };
};

const refuse = (type, message) => ({ status: 400, body: JSON.stringify({ __type: type, message }) });

/** Lets users have an authenticator app, as the deployed pool does. */
export const preparePool = async (address, pool) => {
  const { status, body } = await send(address, 'SetUserPoolMfaConfig', { UserPoolId: pool, MfaConfiguration: 'OPTIONAL', SoftwareTokenMfaConfiguration: { Enabled: true } });
  if (status !== 200) throw new Error(`The local user pool has refused authenticator apps: ${body}`);
};

/** Answers a request for the pool: { status, body }. */
export const answerForPool = async (address, pool, target, content) => {
  const operation = target.split('.')[1] ?? '';
  // The page is for users; an operator's operations take AWS credentials, of which cognito-local asks for none.
  if (!operations.has(operation)) return refuse('NotAuthorizedException', `The page does not need ${operation}.`);
  const input = JSON.parse(content.toString());
  switch (operation) {
    // Its code is always the same, and it sends nothing.
    case 'ResendConfirmationCode':
      return { status: 200, body: JSON.stringify({ CodeDeliveryDetails: { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: input.Username } }) };
    case 'GetTokensFromRefreshToken':
      return send(address, 'InitiateAuth', { ClientId: input.ClientId, AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: input.RefreshToken } });
    case 'ConfirmSignUp': {
      const answer = await send(address, operation, input);
      const UserAttributes = [{ Name: 'email', Value: input.Username }, { Name: 'email_verified', Value: 'true' }];
      if (answer.status === 200) await send(address, 'AdminUpdateUserAttributes', { UserPoolId: pool, Username: input.Username, UserAttributes });
      return answer;
    }
    case 'InitiateAuth': {
      const answer = await send(address, operation, input);
      return answer.body.includes('"InvalidPasswordException"') ? refuse('NotAuthorizedException', 'Incorrect username or password.') : answer;
    }
    default:
      return send(address, operation, input);
  }
};

const operations = new Set([
  'SignUp', 'ConfirmSignUp', 'ResendConfirmationCode', 'InitiateAuth', 'RespondToAuthChallenge', 'GetTokensFromRefreshToken', 'RevokeToken', 'GlobalSignOut',
  'ForgotPassword', 'ConfirmForgotPassword', 'AssociateSoftwareToken', 'VerifySoftwareToken', 'SetUserMFAPreference', 'GetUser',
]);
