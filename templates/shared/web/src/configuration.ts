/** Where the page finds what it calls. config.json for a deployed stage; the local run gives its own. */
export interface Configuration {
  /** The AWS region of the pools and the services. */
  readonly region: string;
  readonly userPoolId: string;
  readonly userPoolClientId: string;
  /** The address of the user pool's API, where it is not Cognito's own. */
  readonly userPoolEndpoint?: string;
//#if (hasIdentityPool)
  /** The pool that gives users AWS credentials. The local run has none. */
  readonly identityPoolId?: string;
//#endif
  /** The services' addresses, by name: auth, and the others of the venture. */
  readonly apis: Readonly<Record<string, string>>;
}

// Vite puts the values in the place of these two: a page for AWS holds nothing of the local run.
declare const CONFIGURATION: Configuration;
declare const IS_LOCAL: boolean;

export const configuration: Configuration = CONFIGURATION;

/** Whether this is the page of the local run. */
export const isLocal = IS_LOCAL;

/** The address of a service's route. */
export const addressOf = (service: string, path: string): string => {
  const api = configuration.apis[service];
  if (api === undefined) throw new Error(`The configuration names no address of the service "${service}". Expected one under "apis". Write it with npm run config.`);
  return api.replace(/\/$/, '') + path;
};
