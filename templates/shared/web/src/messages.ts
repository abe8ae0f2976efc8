// What went wrong, in plain words.

/** A sentence for the person at the page. */
export class Refusal extends Error {}

/** The sentence for a code of an authenticator app that is wrong: nothing was sent. */
export const wrongCodeOfApp = 'The code is not the one that the app shows. Wait for the next one and try again.';

// The user pool's exceptions: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/CommonErrors.html
const sentences: Readonly<Record<string, string>> = {
  NotAuthorizedException: 'The e-mail address or the password is wrong. Check both, or choose a new password.',
  UserNotFoundException: 'The e-mail address or the password is wrong. Check both, or create an account.',
  UsernameExistsException: 'There is an account with this e-mail address already. Sign in, or choose a new password.',
  CodeMismatchException: 'The code is not the one that was sent. Check it, or have a new one sent.',
  EnableSoftwareTokenMFAException: wrongCodeOfApp,
  ExpiredCodeException: 'The code is too old or was used already. Have a new one sent.',
  InvalidPasswordException: 'The password is too weak. Use at least 12 characters, with upper-case and lower-case letters and digits.',
  LimitExceededException: 'That was tried too often. Wait a quarter of an hour and try again.',
  TooManyRequestsException: 'That was tried too often. Wait a minute and try again.',
  TooManyFailedAttemptsException: 'There were too many wrong codes. Wait a quarter of an hour and have a new one sent.',
  CodeDeliveryFailureException: 'The code could not be sent to this e-mail address. Check the address.',
  PasswordResetRequiredException: 'The password has to be changed. Choose "Forgot your password?".',
  UserUnAuthenticatedException: 'You are signed out. Sign in and try again.',
  NetworkError: 'There is no answer from the sign-in. Check your connection and try again.',
};

/** The sentence for an error. */
export const describe = (error: unknown): string => {
  if (error instanceof Refusal) return error.message;
  if (!(error instanceof Error)) return 'Something went wrong. Try again.';
  return sentences[error.name] ?? `Something went wrong: ${error.message}`;
};
