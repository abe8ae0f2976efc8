// A deployed stage of the services, as the AWS CLI knows it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findServices } from '../shared/local/services.mjs';
import { Failure, read } from '../shared/scripts/commands.mjs';

/** The services in the order of their deployment. */
export const services = findServices();

/** The service that the users sign in to. */
export const auth = services.find(({ publishes }) => publishes.includes('/auth/user-pool-id'));

/** A value of a service's serverless.yml, by its key. */
export const settingOf = (service, key) => new RegExp(`^ *${key}:\\s*['"]?([^'"\\s]+)`, 'm').exec(readFileSync(join(service.folder, 'serverless.yml'), 'utf8'))[1];

/** The region that the services are deployed to. */
export const region = settingOf(auth, 'region');

/** The stage given on the command line, or the services' own. */
export const readStage = () => {
  const { stage } = parseArgs({ options: { stage: { type: 'string', default: settingOf(auth, 'stage') } } }).values;
  if (!/^[a-z][a-z0-9-]{0,13}$/.test(stage)) throw new Failure(`"${stage}" is not a stage. Use at most 14 lower-case letters, digits and hyphens, such as dev, prod or pr-7.`);
  return stage;
};

/** Reads an output of a stack by its name. */
export const outputsOf = (stack) => {
  const outputs = JSON.parse(read('aws', ['cloudformation', 'describe-stacks', '--stack-name', stack, '--region', region, '--query', 'Stacks[0].Outputs', '--output', 'json'])) ?? [];
  return (name) => {
    const found = outputs.find(({ OutputKey }) => OutputKey === name);
    if (found === undefined) throw new Failure(`The stack ${stack} in ${region} has no output ${name}. Deploy its stage again with npm run deploy.`);
    return found.OutputValue;
  };
};
