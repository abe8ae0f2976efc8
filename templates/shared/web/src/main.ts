// The page: signing up and in, and calls of the services.
import { Hub } from 'aws-amplify/utils';
import { call, clearCalls } from './calls';
//#if (hasIdentityPool)
import { configuration } from './configuration';
//#endif
import { describe } from './messages';
//#if (hasOrders)
import { clearOrders, startOrders } from './orders';
//#endif
import { find, notify, onPress, onSubmit } from './page';
import {
  beginReset,
  beginSignIn,
  beginTotp,
  configure,
  confirmAccount,
  continueSignIn,
  continueWithTotp,
  createAccount,
  finishReset,
  finishTotp,
  leave,
  resendCode,
  signedInEmail,
  type NextStep,
} from './session';
import { clearTeams, showTeams, startTeams } from './teams';
//#if (hasIdentityPool)
import { callWorld } from './world';
//#else
import { callWorld } from './team-world';
//#endif

type View = 'sign-in' | 'sign-up' | 'forgot' | 'reset' | Exclude<NextStep, 'done'>;

let email = ''; // of the account that is being confirmed or gets a new password

/** Shows one form, or none, and moves the focus to it. */
const show = (view?: View): void => {
  for (const one of document.querySelectorAll<HTMLElement>('.view')) {
    one.hidden = one.id !== `view-${view}`;
    const error = one.querySelector<HTMLElement>('.error')!;
    error.hidden = true;
  }
  if (view === undefined) return;
  for (const input of find(`view-${view}`).querySelectorAll<HTMLInputElement>('input[type=email]')) if (input.hidden || !input.value) input.value = email;
  find(`title-${view}`).focus();
};

/** Leaves nothing of who was signed in for the next one to see. */
const clear = (): void => {
  clearCalls();
  clearTeams();
//#if (hasOrders)
  clearOrders();
//#endif
  for (const form of document.querySelectorAll<HTMLFormElement>('#signed-in form')) form.reset();
  find('totp-key').textContent = '';
  find('totp-link').removeAttribute('href');
  offerTotp(true);
};

const offerTotp = (isOffered: boolean): void => {
  find('totp-offer').hidden = !isOffered;
  find('form-totp-setup').hidden = isOffered;
};

/** Shows what fits to whether somebody is signed in. */
const refresh = async (): Promise<void> => {
  const user = await signedInEmail();
  const isSignedIn = user !== undefined;
  find('who').hidden = find('sign-out').hidden = find('signed-in').hidden = !isSignedIn;
  find('email').textContent = user ?? '';
  if (!isSignedIn) {
    clear();
    return show('sign-in');
  }
  show();
  await showTeams().catch((error) => notify(describe(error)));
};

const proceed = async (step: NextStep): Promise<void> => {
  if (step === 'done') return refresh();
  if (step === 'confirm') await resendAndConfirm();
  else show(step);
};

const showConfirm = (): void => {
  find('confirm-hint').textContent = `A code was sent to ${email}.`;
  show('confirm');
};

const resendAndConfirm = async (): Promise<void> => {
  await resendCode(email);
  showConfirm();
};

configure();

for (const link of document.querySelectorAll<HTMLElement>('[data-view]'))
  link.addEventListener('click', () => {
    notify();
    show(link.dataset['view'] as View);
  });

onSubmit('form-sign-in', async (values) => {
  email = values['email']!;
  await proceed(await beginSignIn(email, values['password']!));
});
onSubmit('form-sign-up', async (values) => {
  email = values['email']!;
  await createAccount(email, values['password']!);
  showConfirm();
});
onSubmit('form-confirm', async ({ code }) => {
  await confirmAccount(email, code!);
  show('sign-in');
  notify('Your e-mail address is confirmed. Sign in.');
});
onPress(find('resend'), async () => {
  await resendAndConfirm();
  notify('The code was sent again.');
});
onSubmit('form-totp', async ({ code }) => proceed(await continueWithTotp(code!)));
onSubmit('form-new-password', async ({ password }) => proceed(await continueSignIn(password!)));
onSubmit('form-forgot', async (values) => {
  email = values['email']!;
  await beginReset(email);
  find('reset-hint').textContent = `If there is an account of ${email}, a code was sent to it.`;
  show('reset');
});
onSubmit('form-reset', async ({ code, password }) => {
  await finishReset(email, code!, password!);
  show('sign-in');
  notify('Your new password is set. Sign in.');
});
onPress(find('sign-out'), async () => {
  await leave();
  await refresh();
});

// On a phone the calls are below everything else.
const onCall = (id: string, work: () => Promise<unknown>) =>
  onPress(find(id), async () => {
    const done = work();
    find('calls').firstElementChild?.scrollIntoView({ block: 'nearest' });
    await done;
  });
onCall('call-hello', () => call('auth', '/hello'));
onCall('call-me', () => call('auth', '/me'));
onCall('call-world', callWorld);
//#if (hasIdentityPool)
if (configuration.identityPoolId === undefined) find('world-hint').textContent = 'On this machine there is neither an identity pool nor IAM: here world takes the token.';
//#endif
//#if (hasOrders)
startOrders();
//#endif
startTeams();

onPress(find('totp-begin'), async () => {
  const { key, link } = await beginTotp(document.title);
  find('totp-key').textContent = key;
  find<HTMLAnchorElement>('totp-link').href = link;
  offerTotp(false);
});
onSubmit('form-totp-setup', async ({ code }) => {
  await finishTotp(code!);
  offerTotp(true);
  notify('From now on the sign-in asks for the code of your authenticator app.');
});
onSubmit('form-delete', async () => {
  await call('auth', '/me', { method: 'DELETE' });
  await leave();
  await refresh();
  notify('Your account is deleted.');
});

// In another tab too. A failure to renew the tokens that is not a refusal is met again by the next call.
Hub.listen('auth', ({ payload }) => {
  if (payload.event === 'signedOut') void refresh();
  if (payload.event === 'tokenRefresh_failure' && payload.data.error?.name.startsWith('NotAuthorized'))
    void refresh().then(() => notify('Your sign-in has ended. Sign in again.'));
});

void refresh().catch((error) => notify(describe(error)));
