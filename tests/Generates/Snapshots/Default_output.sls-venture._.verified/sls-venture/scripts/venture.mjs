// The venture on AWS.
import { read } from '../shared/scripts/commands.mjs';

/** Calls the AWS CLI in the venture's region. */
export const aws = (...args) => {
  const output = read('aws', [...args, '--region', region, '--output', 'json']);
  return output === '' ? {} : JSON.parse(output);
};

/** The region that serverless.yml of every service names. */
export const region = 'ap-southeast-2';

/** The venture, as in the names of its stacks and the paths of its SSM parameters. */
export const venture = 'sls-venture';
