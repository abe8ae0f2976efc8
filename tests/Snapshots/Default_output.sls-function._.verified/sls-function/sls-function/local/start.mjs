// The tables of the service on this machine, as resources/*.yml has them. Ctrl+C ends them.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { createTable } from './table.mjs';

const require = createRequire(import.meta.url);
const yaml = require('js-yaml');
const resources = fileURLToPath(new URL('../resources', import.meta.url));
const port = Number(process.env.TABLE_PORT ?? 8001);

const server = require('dynalite')({ createTableMs: 0 });
await new Promise((ready) => server.listen(port, '127.0.0.1', ready));
const address = `http://127.0.0.1:${server.address().port}/`;

for (const file of readdirSync(resources)) {
  const found = yaml.load(readFileSync(join(resources, file), 'utf8'))?.Resources ?? {};
  for (const [id, { Type, Properties }] of Object.entries(found)) {
    if (Type !== 'AWS::DynamoDB::Table') continue;
    const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode } = Properties;
    // OrdersTable is "orders".
    const TableName = id.replace(/Table$/, '').replace(/^[A-Z]/, (letter) => letter.toLowerCase());
    await createTable(address, { TableName, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode });
    console.log(`Table ${TableName}: ${address}`);
  }
}
console.log('Ready');
