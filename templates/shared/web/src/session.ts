// Who is signed in, by aws-amplify: it keeps the tokens in the browser's local storage and renews them.
import { Amplify } from 'aws-amplify';
import {
  confirmResetPassword,
  confirmSignIn,
  confirmSignUp,
  resendSignUpCode,
  resetPassword,
  setUpTOTP,
  signIn,
  signOut,
  signUp,
  updateMFAPreference,
  verifyTOTPSetup,
  type SignInOutput,
} from 'aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';
import { configuration, isLocal } from './configuration';
import { Refusal, wrongCodeOfApp } from './messages';

/** Tells aws-amplify which pools the users are in. */
export const configure = (): void => {
  const { userPoolId, userPoolClientId, userPoolEndpoint } = configuration;
  const users = { userPoolId, userPoolClientId, loginWith: { email: true }, ...(userPoolEndpoint !== undefined && { userPoolEndpoint }) };
//#if (hasIdentityPool)
  const { identityPoolId } = configuration;
  Amplify.configure({ Auth: identityPoolId === undefined ? { Cognito: users } : { Cognito: { ...users, identityPoolId, allowGuestAccess: false } } });
//#else
  Amplify.configure({ Auth: { Cognito: users } });
//#endif
};

//#if (hasIdentityPool)
// Not fetchAuthSession, which would also get AWS credentials, for which only world has a use.
//#endif
const tokens = async () => (await cognitoUserPoolsTokenProvider.getTokens()) ?? undefined;

/** The access token, renewed if it has expired; undefined if nobody is signed in. */
export const accessToken = async (): Promise<string | undefined> => (await tokens())?.accessToken.toString();

/** The e-mail address of the user who is signed in, or undefined. */
export const signedInEmail = async (): Promise<string | undefined> => {
  const found = await tokens();
  return found && String(found.idToken?.payload['email'] ?? found.signInDetails?.loginId ?? '');
};

/** What a sign-in asks for next. */
export type NextStep = 'done' | 'confirm' | 'totp' | 'new-password';

const stepOf = ({ isSignedIn, nextStep }: Pick<SignInOutput, 'isSignedIn' | 'nextStep'>): NextStep => {
  if (isSignedIn) return 'done';
  switch (nextStep.signInStep) {
    case 'CONFIRM_SIGN_UP':
      return 'confirm';
    case 'CONFIRM_SIGN_IN_WITH_TOTP_CODE':
      return 'totp';
    case 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED':
      return 'new-password';
    case 'RESET_PASSWORD':
      throw new Refusal('The password has to be changed. Choose "Forgot your password?".');
    default:
      throw new Refusal(`The user pool asks for a step that this page does not have: ${nextStep.signInStep}.`);
  }
};

/** Begins to sign in. */
export const beginSignIn = async (email: string, password: string): Promise<NextStep> => {
  // By SRP the password does not leave the browser. The local user pool has no SRP.
  const options = { authFlowType: isLocal ? 'USER_PASSWORD_AUTH' : 'USER_SRP_AUTH' } as const;
  return stepOf(await signIn({ username: email, password, options }));
};

/** Goes on with what the sign-in has asked for: a code, or a new password. */
export const continueSignIn = async (answer: string): Promise<NextStep> => stepOf(await confirmSignIn({ challengeResponse: answer }));

/** Goes on with the code of the authenticator app. */
export const continueWithTotp = async (code: string): Promise<NextStep> => {
  try {
    return await continueSignIn(code);
  } catch (error) {
    throw error instanceof Error && error.name === 'CodeMismatchException' ? new Refusal(wrongCodeOfApp) : error;
  }
};

/** Creates an account, to which a code is sent. */
export const createAccount = async (email: string, password: string): Promise<void> => {
  await signUp({ username: email, password, options: { userAttributes: { email } } });
};

export const confirmAccount = async (email: string, code: string): Promise<void> => {
  await confirmSignUp({ username: email, confirmationCode: code });
};

export const resendCode = async (email: string): Promise<void> => {
  await resendSignUpCode({ username: email });
};

export const beginReset = async (email: string): Promise<void> => {
  await resetPassword({ username: email });
};

export const finishReset = async (email: string, code: string, password: string): Promise<void> => {
  await confirmResetPassword({ username: email, confirmationCode: code, newPassword: password });
};

/** Begins to set up an authenticator app: the key for it, and the link that opens it. */
export const beginTotp = async (application: string): Promise<{ key: string; link: string }> => {
  const { sharedSecret, getSetupUri } = await setUpTOTP();
  return { key: sharedSecret, link: getSetupUri(application, await signedInEmail()).href };
};

/** Asks for the app's code at each sign-in from now on. */
export const finishTotp = async (code: string): Promise<void> => {
  await verifyTOTPSetup({ code });
  await updateMFAPreference({ totp: 'PREFERRED' });
};

/** Signs out, and tells the pool to take the refresh token back. */
export const leave = (): Promise<void> => signOut();
