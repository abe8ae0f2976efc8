// A deployed stage of the services, as the AWS CLI knows it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findServices } from '../shared/local/services.mjs';

/** An error for the person who started the script: a sentence, without a stack trace. */
export class Failure extends Error {}

/** The services in the order of their deployment. */
export const services = findServices();

/** The service that the users sign in to. */
export const auth = services.find(({ publishes }) => publishes.includes('/auth/user-pool-id'));

/** A value of a service's serverless.yml, by its key. */
export const read = (service, key) => new RegExp(`^ *${key}:\\s*['"]?([^'"\\s]+)`, 'm').exec(readFileSync(join(service.folder, 'serverless.yml'), 'utf8'))[1];

/** The region that the services are deployed to. */
export const region = read(auth, 'region');

/** The stage given on the command line, or the services' own. */
export const readStage = () => {
  const { stage } = parseArgs({ options: { stage: { type: 'string', default: read(auth, 'stage') } } }).values;
  if (!/^[a-z][a-z0-9-]{0,13}$/.test(stage)) throw new Failure(`"${stage}" is not a stage. Use at most 14 lower-case letters, digits and hyphens, such as dev, prod or pr-7.`);
  return stage;
};

/** Runs a program to its end and returns what it has written. */
export const run = (program, args, { isShown = false } = {}) => {
  const { error, status, stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', isShown ? 'inherit' : 'pipe', 'inherit'] });
  if (error?.code === 'ENOENT') throw new Failure(`${program} is not installed, or not on the PATH. Install the AWS CLI: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html`);
  if (error) throw error;
  if (status !== 0) throw new Failure(`${program} ${args.slice(0, 4).join(' ')} failed with exit code ${status}.`);
  return stdout;
};

/** Reads an output of a stack by its name. */
export const outputsOf = (stack) => {
  const outputs = JSON.parse(run('aws', ['cloudformation', 'describe-stacks', '--stack-name', stack, '--region', region, '--query', 'Stacks[0].Outputs', '--output', 'json'])) ?? [];
  return (name) => {
    const found = outputs.find(({ OutputKey }) => OutputKey === name);
    if (found === undefined) throw new Failure(`The stack ${stack} in ${region} has no output ${name}. Deploy its stage again with npm run deploy.`);
    return found.OutputValue;
  };
};

/** Runs the body of a script: what fails is told in a sentence, with exit code 1. */
export const main = async (body) => {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Failure) && !error.code?.startsWith?.('ERR_PARSE_ARGS')) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
};
