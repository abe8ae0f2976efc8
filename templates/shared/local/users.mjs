// A user of the local user pool.
import { client, confirmationCode, pool as poolId } from './user-pool.mjs';

export const email = 'ada@example.com';
const password = 'A-long-passw0rd';

const call = async (pool, operation, input) => {
  const response = await fetch(pool, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': `AWSCognitoIdentityProviderService.${operation}` },
    body: JSON.stringify({ ClientId: client, ...input }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`The user pool refused ${operation}: ${answer.message}`);
  return answer;
};

/** Signs the user up and confirms them, which makes the pool invoke the trigger. */
export const signUp = async (pool) => {
  await call(pool, 'SignUp', { Username: email, Password: password, UserAttributes: [{ Name: 'email', Value: email }] });
  await call(pool, 'ConfirmSignUp', { Username: email, ConfirmationCode: confirmationCode });
  // Cognito does this when a user confirms.
  const UserAttributes = [{ Name: 'email', Value: email }, { Name: 'email_verified', Value: 'true' }];
  await call(pool, 'AdminUpdateUserAttributes', { UserPoolId: poolId, Username: email, UserAttributes });
};

/** Signs the user in and returns an access token, which is valid for half an hour. */
export const signIn = async (pool) => {
  const { AuthenticationResult } = await call(pool, 'InitiateAuth', {
    AuthFlow: 'USER_PASSWORD_AUTH',
    AuthParameters: { USERNAME: email, PASSWORD: password },
  });
  return AuthenticationResult.AccessToken;
};
