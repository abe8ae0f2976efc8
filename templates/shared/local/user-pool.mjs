// The user pool on this machine: cognito-local, in a process and a folder of its own. The environment says where:
//   POOL_PORT     the port
//   TRIGGER_URL   the server that answers Lambda's Invoke API for the trigger postConfirmation
//   POOL_FOLDER   the folder that keeps the users
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export const pool = 'local_users';
export const client = 'local-client';
/** cognito-local sends no e-mail: this code confirms everyone. */
export const confirmationCode = '123456';

const start = () => {
  const { POOL_PORT, TRIGGER_URL, POOL_FOLDER } = process.env;
  const now = new Date().toISOString();
  const write = (file, content) => writeFileSync(join(POOL_FOLDER, '.cognito', file), JSON.stringify(content));

  mkdirSync(join(POOL_FOLDER, '.cognito', 'db'), { recursive: true });
  write('config.json', { LambdaClient: { endpoint: TRIGGER_URL }, TriggerFunctions: { PostConfirmation: 'postConfirmation' } });
  write(join('db', `${pool}.json`), {
    Users: {},
    Options: { Id: pool, Name: 'users', UsernameAttributes: ['email'], AutoVerifiedAttributes: ['email'], MfaConfiguration: 'OFF', CreationDate: now, LastModifiedDate: now },
  });
  write(join('db', 'clients.json'), {
    Clients: {
      [client]: {
        ClientId: client,
        ClientName: 'local',
        UserPoolId: pool,
        AccessTokenValidity: 30,
        IdTokenValidity: 30,
        TokenValidityUnits: { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'days' },
        CreationDate: now,
        LastModifiedDate: now,
      },
    },
  });

  const packages = createRequire(join(process.cwd(), 'package.json'));

  // cognito-local reads its settings from the environment and its files from the current folder.
  Object.assign(process.env, { HOST: '127.0.0.1', PORT: POOL_PORT, CODE: confirmationCode });
  process.chdir(POOL_FOLDER);
  process.on('disconnect', () => process.exit());
  packages('cognito-local/lib/bin/start.js');
};

if (process.argv[1] === import.meta.filename) start();
