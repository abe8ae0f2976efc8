// Stands for a program: node fake-program.mjs <name> <argument>… Adds its call to the file calls.log, and answers as answers.json says:
// a list of { "call": <what the call begins with>, "output": <JSON or text>, "exitCode": <number> }. A call that no answer is for gives {}.
import { appendFileSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const folder = dirname(process.env.FAKE_ANSWERS);
const call = process.argv.slice(2).join(' ');
appendFileSync(join(folder, 'calls.log'), `${call}${call.startsWith('serverless') ? ` in ${relative(process.env.FAKE_ROOT, process.cwd())}` : ''}\n`);
const answer = JSON.parse(readFileSync(process.env.FAKE_ANSWERS, 'utf8')).find((one) => call.startsWith(one.call)) ?? { output: {} };
process.stdout.write(typeof answer.output === 'string' ? answer.output : JSON.stringify(answer.output ?? {}));
process.exitCode = answer.exitCode ?? 0;
