// Makes the tables of resources/*.yml in a DynamoDB on this machine, which takes any signature; one that is there already stays.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const yaml = createRequire(import.meta.url)('js-yaml');
const resources = fileURLToPath(new URL('../resources', import.meta.url));

export const createTables = async (address) => {
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
  const text = await answer.text();
  if (!answer.ok && !text.includes('ResourceInUseException')) throw new Error(`The table ${table.TableName} could not be made: ${text}`);
};
