// The processes that the local run starts. Each is the leader of its own group: Ctrl+C reaches the local run alone, which ends
// them in order.
import { fork as forkNode, spawn as spawnProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { root } from './services.mjs';

const patience = 5_000; // milliseconds until a process that was asked to end is ended
const alive = new Set();
process.on('exit', () => alive.forEach((child) => child.kill('SIGKILL')));

/** Runs a command to its end; throws its output if it fails. */
export const run = (command, ...parameters) =>
  new Promise((resolve, reject) => {
    const child = track(spawnProcess(command, parameters, { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'] }));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ${parameters.join(' ')} failed:\n${output}`))));
  });

/** Starts a program. `onLine` gets each line that it writes to standard output, `onExit` is called if it ends by itself. */
export const start = (name, program, { environment, folder = root, onLine, onExit }) => {
  const child = spawnProcess(program, [], { cwd: folder, env: { ...process.env, ...environment }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  return supervise(name, child, onLine, onExit);
};

/** Starts a script of Node.js, which also ends when this process is gone. */
export const startScript = (name, script, { environment, onExit }) => {
  const child = forkNode(fileURLToPath(script), [], { env: { ...process.env, ...environment }, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  return supervise(name, child, undefined, onExit);
};

const track = (child) => {
  alive.add(child);
  child.on('exit', () => alive.delete(child));
  return child;
};

const supervise = (name, child, onLine, onExit) => {
  track(child);
  const last = []; // what it wrote last, to be shown if it ends by itself
  const remember = (line) => last.push(line) > 20 && last.shift();
  const lines = [child.stdout, child.stderr].map((input) => createInterface({ input }));
  lines[0].on('line', (line) => (onLine ?? remember)(line));
  lines[1].on('line', remember);

  let isStopping = false;
  const ended = new Promise((resolve) => child.on('close', resolve));
  const end = (reason) => {
    if (isStopping) return;
    isStopping = true;
    onExit(`${name} has ended${reason}\n${last.join('\n')}`);
  };
  child.on('error', (error) => end(`: ${error.message}`));
  child.on('close', (code, signal) => end(`, ${signal ?? `exit code ${code}`}.`));

  return {
    stop: async () => {
      isStopping = true;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), patience);
      await ended;
      clearTimeout(timer);
    },
  };
};
