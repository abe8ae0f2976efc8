// The tables on this machine: dynalite, which takes any signature and keeps them in memory.
// node tables.mjs <folder of a service> …: starts them for these services and says where they are.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { host } from './http.mjs';

// Packages are those of the folder that the script runs in: a service's, or the repository's.
const require = createRequire(join(process.cwd(), 'package.json'));

/** Starts the tables of resources/*.yml in these folders: { address, names, stop }. */
export const startTables = async (folders) => {
  const server = require('dynalite')({ createTableMs: 0 });
  await new Promise((ready, failed) => server.once('error', failed).listen(0, host, ready));
  const address = `http://${host}:${server.address().port}`;
  const tables = folders.flatMap(tablesOf);
  for (const table of tables) await createTable(address, table);
  return { address, names: tables.map(({ TableName }) => TableName), stop: () => new Promise((closed) => server.close(closed)) };
};

const tablesOf = (folder) => {
  const resources = join(folder, 'resources');
  return readdirSync(resources)
    .filter((file) => file.endsWith('.yml'))
    .flatMap((file) => Object.entries(require('js-yaml').load(readFileSync(join(resources, file), 'utf8'))?.Resources ?? {}))
    .filter(([, { Type }]) => Type === 'AWS::DynamoDB::Table')
    .map(([id, { Properties: { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode } }]) => ({
      // UsersTable is "users", as in appsettings.Development.json.
      TableName: id.replace(/Table$/, '').replace(/^[A-Z]/, (letter) => letter.toLowerCase()),
      AttributeDefinitions,
      KeySchema,
      GlobalSecondaryIndexes,
      BillingMode,
    }));
};

const createTable = async (address, table) => {
  const answer = await fetch(address, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': 'DynamoDB_20120810.CreateTable',
      'X-Amz-Date': new Date().toISOString().replace(/[-:]|\.\d+/g, ''),
      Authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(table),
  });
  if (!answer.ok) throw new Error(`The table ${table.TableName} could not be created: ${await answer.text()}`);
};

if (process.argv[1] === import.meta.filename) console.log(`Tables: ${(await startTables(process.argv.slice(2))).address}`);
