// Lints OpenAPI documents with Redocly's recommended rules: node lint-openapi.mjs <file>…
// Writes a JSON object from each file to what is wrong in it, a sentence each, warnings too. Nothing is fetched.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// The package is installed where the command runs, not beside this file.
const require = createRequire(join(process.cwd(), 'package.json'));
const { createConfig, lint } = await import(pathToFileURL(require.resolve('@redocly/openapi-core')));

// Whether an API has a licence is for its owner to say.
const config = await createConfig({ extends: ['recommended-strict'], rules: { 'info-license': 'off' } });
const result = {};
for (const file of process.argv.slice(2))
  result[file] = (await lint({ ref: file, config })).map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location?.[0]?.pointer ?? ''}`.trim());
console.log(JSON.stringify(result, null, 2));
