// Runs other programs, for scripts that a person starts.
import { spawnSync } from 'node:child_process';

/** An error for the person who started the script: a sentence, without a stack trace. */
export class Failure extends Error {}

/** Runs a program to its end, with its output on the screen. */
export const run = (program, args, { cwd, env } = {}) => {
  const { error, status } = spawnSync(program, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } });
  check(program, args, error, status);
};

/** Runs a program to its end and returns what it has written. */
export const read = (program, args) => {
  const { error, status, stdout } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] });
  check(program, args, error, status);
  return stdout.trim();
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

const check = (program, args, error, status) => {
  if (error?.code === 'ENOENT') throw new Failure(`${program} is not installed, or not on the PATH. ${installation[program] ?? ''}`.trim());
  if (error) throw error;
  if (status !== 0) throw new Failure(`${program} ${args.slice(0, 4).join(' ')} failed with exit code ${status}.`);
};

const installation = {
  aws: 'Install the AWS CLI: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html',
  docker: 'Install Docker, or build on Linux with npm run build.',
  gh: 'Install the GitHub CLI: https://cli.github.com',
};
