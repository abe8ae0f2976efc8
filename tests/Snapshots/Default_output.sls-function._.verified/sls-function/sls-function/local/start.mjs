// The tables of the service on this machine, as resources/*.yml has them. Ctrl+C ends them.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

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
    const answer = await fetch(address, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.0',
        'X-Amz-Target': 'DynamoDB_20120810.CreateTable',
        'X-Amz-Date': new Date().toISOString().replace(/[-:]|\.\d+/g, ''),
        Authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify({ TableName, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode }),
    });
    if (!answer.ok) throw new Error(`The table ${TableName} could not be made: ${await answer.text()}`);
    console.log(`Table ${TableName}: ${address}`);
  }
}
console.log('Ready');
