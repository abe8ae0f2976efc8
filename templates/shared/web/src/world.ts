// world, for callers with AWS credentials of the identity pool.
import { AwsClient } from 'aws4fetch';
import { fetchAuthSession } from 'aws-amplify/auth';
import { call, type Send } from './calls';
import { configuration } from './configuration';
import { Refusal } from './messages';

const signed: Send = async (address, request) => {
  const { credentials } = await fetchAuthSession().catch((error: Error) => {
    throw new Refusal(`The identity pool has given no AWS credentials to sign the call with: ${error.message}`);
  });
  if (credentials === undefined) throw new Refusal('You are signed out, so there are no AWS credentials to sign the call with. Sign in and try again.');
  const client = new AwsClient({ ...credentials, sessionToken: credentials.sessionToken ?? '', region: configuration.region, service: 'execute-api', retries: 0 });
  return client.fetch(address, request);
};

/** Calls world, signed. The local run has neither an identity pool nor IAM: there the token takes their place. */
export const callWorld = (): Promise<unknown> => (configuration.identityPoolId === undefined ? call('auth', '/world') : call('auth', '/world', {}, signed));
