// What the service stands on, on this machine: a user pool (cognito-local) and the users table (dynalite). Ctrl+C ends both.
// The host is started beside it: dotnet run --project src/Company.Auth.1.Host
import { createRequire } from 'node:module';
import { mkdirSync, writeFileSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createTables } from '../../shared/local/tables.mjs';

// src/Company.Auth.1.Host/appsettings.Development.json expects these.
const host = '127.0.0.1';
const poolPort = process.env.POOL_PORT ?? '9229';
const tablePort = process.env.TABLE_PORT ?? '8000';
const trigger = process.env.TRIGGER_URL ?? 'http://127.0.0.1:5000';
const folder = resolve(process.env.LOCAL_FOLDER ?? '.local');
const pool = 'local_users';
const client = 'local-client';

const require = createRequire(import.meta.url);

// The pool calls the trigger as it would on AWS, by Lambda's Invoke API, which the host serves in development.
const write = (file, content) => writeFileSync(join(folder, '.cognito', file), JSON.stringify(content, null, 2));
mkdirSync(join(folder, '.cognito', 'db'), { recursive: true });
writeFileSync(join(folder, '.gitignore'), '*\n');
write('config.json', {
  LambdaClient: { endpoint: trigger },
  TriggerFunctions: { PostConfirmation: 'postConfirmation' },
});
if (!existsSync(join(folder, '.cognito', 'db', `${pool}.json`))) {
  const now = new Date().toISOString();
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
}

// It reads its settings from the environment, and its files from the current folder.
process.env.HOST = host;
process.env.PORT = poolPort;
process.env.CODE ??= '123456';
process.chdir(folder);
require('cognito-local/lib/bin/start.js');

const table = require('dynalite')({ path: process.env.TABLE_IN_MEMORY ? undefined : join(folder, 'table'), createTableMs: 0 });
await new Promise((ready) => table.listen(Number(tablePort), host, ready));
await createTables(`http://${host}:${tablePort}/`);

console.log(`User pool ${pool}, app client ${client}: http://${host}:${poolPort}, confirmation code ${process.env.CODE}`);
