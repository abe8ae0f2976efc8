// Runs osls package in a process that is kept for all tests, because nine tenths of a run are the loading of osls. tests/Harness/Osls.cs
// puts a call of this file in place of osls/bin/serverless.js, so that whoever runs osls, as a user does, comes here.
'use strict';

const Module = require('node:module');
const net = require('node:net');

/**
 * In place of osls: has the kept process run the command and writes what it wrote. A command other than package, and one that the
 * kept process cannot run, is run here as without it.
 * @param {string} osls Its own program.
 * @param {string} socket Where the kept process listens.
 */
exports.call = (osls, socket) => {
  const runHere = () => require(osls);
  if (process.argv[2] !== 'package') return runHere();

  let answer = '';
  net.connect(socket)
    .setEncoding('utf8')
    .on('connect', function () { this.write(`${JSON.stringify({ folder: process.cwd(), words: process.argv.slice(2), variables: process.env })}\n`); })
    .on('data', (text) => { answer += text; })
    .on('error', () => {})
    .on('close', () => {
      if (!answer.endsWith('\n')) return runHere();
      const { written, exitCode } = JSON.parse(answer);
      for (const [stream, text] of written) process[stream].write(text);
      process.exitCode = exitCode;
    });
};

/**
 * The kept process: one command after the other. Says "ready" when they can come, and ends with its standard input.
 * @param {string} osls Its own program.
 * @param {string} socket Where to listen.
 */
exports.serve = (osls, socket) => {
  const waiting = [];
  const ownModules = new Set(Object.keys(require.cache));
  const resolveFilename = Module._resolveFilename;
  let running;

  const server = net.createServer((connection) => {
    let command = '';
    // While osls runs, the end of its work is that of all that the process waits for: see beforeExit.
    connection.unref().setEncoding('utf8')
      .on('data', (text) => {
        command += text;
        if (!command.endsWith('\n')) return;
        waiting.push({ connection, ...JSON.parse(command) });
        runNext();
      })
      .on('error', () => {})
      // Whoever waited for it has been ended, so it may never come to an end.
      .on('close', () => { if (running?.connection === connection) process.exit(1); });
  });
  server.listen(socket, () => process.stdout.write('ready\n'));
  process.stdin.on('end', () => process.exit()).resume();

  const streams = ['stdout', 'stderr'];
  for (const stream of streams) {
    const write = process[stream].write;
    process[stream].write = (text, encoding, callback) => {
      if (!running) return write.call(process[stream], text, encoding, callback);
      running.written.push([stream, String(text)]);
      (typeof encoding === 'function' ? encoding : callback)?.();
      return true;
    };
  }

  function runNext() {
    if (running || waiting.length === 0) return;
    running = waiting.shift();
    running.written = [];
    running.listeners = new Map(process.eventNames().map((name) => [name, process.rawListeners(name)]));
    // What a process begins with: folder, arguments, variables, and modules that have not run. Only what osls stands on is kept, and the
    // checks of serverless.yml that it has compiled, by their hash. A service's plugins are modules outside node_modules.
    process.chdir(running.folder);
    process.argv = [process.execPath, osls, ...running.words];
    for (const name of Object.keys(process.env)) if (!(name in running.variables)) delete process.env[name];
    Object.assign(process.env, running.variables);
    process.exitCode = undefined;
    delete EvalError.$serverlessCommandStartTime;
    Module._resolveFilename = resolveFilename;
    for (const file of Object.keys(require.cache)) if (!ownModules.has(file) && isRunAnew(file)) delete require.cache[file];
    module.children.length = 0;
    // The process would end when osls has nothing more to wait for.
    for (const handle of [server, process.stdin]) handle.unref();
    require(osls);
  }

  process.on('beforeExit', () => {
    const exitCode = process.exitCode ?? 0;
    for (const name of process.eventNames()) {
      for (const listener of process.rawListeners(name).filter((one) => !running.listeners.get(name)?.includes(one))) {
        process.removeListener(name, listener);
        if (name === 'exit') listener.call(process, exitCode);
      }
    }
    const { connection, written } = running;
    running = undefined;
    for (const handle of [server, process.stdin]) handle.ref();
    connection.end(`${JSON.stringify({ written, exitCode })}\n`);
    runNext();
  });
};

const isRunAnew = (file) =>
  !file.includes('/node_modules/') ||
  (/\/node_modules\/(osls|serverless|serverless-log-forwarding|log|log-node)\//.test(file) && !file.endsWith('/config-schema-handler/resolve-ajv-validate.js'));
