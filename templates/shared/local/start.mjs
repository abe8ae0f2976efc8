// npm run local: the services of this repository on this machine. A user pool (cognito-local), the tables (dynalite), every service that
// has a host on Kestrel and, if they are here, two functions as they are deployed: the binary of the pool's trigger, and that of the log
// forwarder, which ships what all of them log to a sink that prints it. A page for the browser, web/, is served if there is one. Nothing is
// kept after Ctrl+C.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServices } from './services.mjs';
import { freePort, host } from './http.mjs';
import { startInvokeApi } from './invoke-api.mjs';
import { createLogShipper } from './log-shipper.mjs';
import { run, start, startScript } from './processes.mjs';
import { functionsOf, hasTrigger, hostOf, sampleCallsOf, servesGrpc, settingsOf, takesTokens } from './projects.mjs';
import { startRuntimeApi } from './runtime-api.mjs';
import { printLine, step } from './screen.mjs';
import { readLine, startSink } from './sink.mjs';
import { startTables } from './tables.mjs';
import { client, pool } from './user-pool.mjs';
import { email, signIn, signUp } from './users.mjs';

const renewal = 20 * 60_000; // milliseconds; the user's token is valid for 30 minutes
const folder = mkdtempSync(join(tmpdir(), 'local-'));
const stops = []; // what has to be stopped, the last one first
let isStopping = false;
let page; // undefined where there is none

const stop = async (exitCode) => {
  if (isStopping) return;
  isStopping = true;
  console.log('\nStopping');
  for (const stopOne of stops.reverse()) await stopOne();
  rmSync(folder, { recursive: true, force: true });
  process.exit(exitCode);
};
process.on('SIGINT', () => stop(0));
process.on('SIGTERM', () => stop(0));

const fail = (sentence) => {
  if (isStopping) return;
  console.error(`\n${sentence}`);
  stop(1);
};

const runAll = async () => {
  const services = findServices();
  const hosts = services.flatMap((service) => (hostOf(service) ? [{ service, name: service.name, project: hostOf(service) }] : []));
  const forwarder = services.find(({ publishes }) => publishes.includes('/log-forwarder/arn'));
  const auth = services.find(({ publishes }) => publishes.includes('/auth/user-pool-id'));

  const projects = [...hosts.map(({ project }) => project), ...(forwarder ? [functionsOf(forwarder)] : [])];
  await step('build', async () => {
    for (const { folder: project } of projects) await run('dotnet', 'build', project, '-nologo', '-verbosity:quiet');
  });

  page = await openPage(auth);
  const print = (line) => {
    printLine(line);
    page?.keep(line);
  };
  const shipper = forwarder
    ? await step('log forwarder', () => startForwarder(functionsOf(forwarder), print))
    : { add: (service, line) => print(readLine(service, line)) };
  const tables = await step('tables', () => startTables(services.map((service) => service.folder)));
  stops.push(tables.stop);
  for (const one of hosts) {
    one.address = `http://${host}:${await freePort()}`;
    if (servesGrpc(one.project)) one.grpcAddress = `http://${host}:${await freePort()}`;
  }
  const triggered = hosts.find(({ service }) => hasTrigger(service));
  const triggerAddress = triggered && (await step('trigger', () => startTrigger(triggered, tables.address, shipper)));
  const poolAddress = hosts.some(({ project }) => takesTokens(project)) ? await step('user pool', () => startPool(triggerAddress)) : undefined;
  for (const one of hosts) await step(one.name, () => startHost(one, { poolAddress, tablesAddress: tables.address }, shipper));
  const tokenFile = poolAddress && (await step('a user', () => keepSignedIn(poolAddress)));
  if (page) {
    // It calls the auth service by its role: alone, the service has its folder's name.
    const called = hosts.map(({ service, name, address }) => ({ name: service === auth ? 'auth' : name, address }));
    await step('page', () => page.publish(called, poolAddress));
  }

  const calls = hosts.flatMap((one) => sampleCallsOf(one.service).map((call) => ({ ...call, address: one.address })));
  show(hosts, tables, poolAddress);
  if (calls.length) showCalls(calls, tokenFile);
  console.log('\nThe log lines follow. Lines with the same trace id belong together. Ctrl+C ends everything.\n');
};

const show = (hosts, tables, poolAddress) => {
  console.log();
  const showOne = (name, address) => console.log(`  ${name.padEnd(16)}${address}`);
  if (page) showOne('page', page.address);
  for (const { name, address, grpcAddress } of hosts) {
    showOne(name, address);
    if (grpcAddress) showOne(`${name} gRPC`, grpcAddress);
  }
  if (poolAddress) showOne('user pool', `${poolAddress}/${pool} (app client ${client})`);
  if (tables.names.length) showOne('tables', `${tables.address} (${tables.names.join(', ')})`);
};

const showCalls = (calls, tokenFile) => {
  console.log(tokenFile ? `\nCall the services as ${email}, who has signed up and signed in:\n` : '\nCall the services:\n');
  if (tokenFile) console.log(`  token="Authorization: Bearer $(cat '${tokenFile}')"`);
  console.log(`  trace="X-Amzn-Trace-Id: Root=1-$(printf %08x $(date +%s))-$(od -An -N12 -tx1 /dev/urandom | tr -d ' \\n')"`);
  for (const { method, path, body, address } of calls) {
    const content = body ? ` -H 'Content-Type: application/json' -d '${body.replaceAll("'", `'\\''`)}'` : '';
    const verb = method === (body ? 'POST' : 'GET') ? '' : ` -X ${method}`;
    console.log(`  curl -sS -w '\\n'${tokenFile ? ' -H "$token"' : ''} -H "$trace"${verb}${content} ${address}${path}`);
  }
};

/** Opens the page of web/, or returns undefined where there is none. */
const openPage = async (auth) => {
  const module = new URL('../../web/local/page.mjs', import.meta.url);
  if (!existsSync(module)) return undefined;
  const opened = await (await import(module)).openPage(auth, folder);
  stops.push(opened.stop);
  return opened;
};

const startForwarder = async ({ binary }, print) => {
  const sink = await startSink(print);
  stops.push(sink.stop);
  const api = await startRuntimeApi();
  stops.push(api.stop);
  const forwarder = start('The log forwarder', binary, {
    environment: {
      AWS_LAMBDA_RUNTIME_API: api.address,
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
      _HANDLER: 'forwarder',
      STAGE: 'local',
      DESTINATION_CREDENTIALS: JSON.stringify({ url: sink.address, token: 'local' }),
    },
    onExit: fail,
  });
  stops.push(forwarder.stop);
  const shipper = createLogShipper(api.invoke, (service, lines, error) =>
    console.error(`The forwarder did not deliver ${lines.length} lines of ${service}, which follow: ${error.message}\n${lines.join('\n')}`),
  );
  stops.push(shipper.finish);
  return shipper;
};

/** Starts the trigger of the user pool. Returns the address at which the pool invokes it. */
const startTrigger = async ({ service, name, project }, tablesAddress, shipper) => {
  const api = await startRuntimeApi();
  stops.push(api.stop);
  const trigger = start('The trigger', functionsOf(service).binary, {
    environment: {
      ...settingsOf(project),
      AWS_LAMBDA_RUNTIME_API: api.address,
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
      _HANDLER: 'postConfirmation',
      AWS_ENDPOINT_URL_DYNAMODB: tablesAddress,
    },
    onLine: (line) => shipper.add(name, line),
    onExit: fail,
  });
  stops.push(trigger.stop);
  const invokeApi = await startInvokeApi(api.invoke);
  stops.push(invokeApi.stop);
  return invokeApi.address;
};

const startPool = async (triggerAddress) => {
  const port = await freePort();
  const process = startScript('The user pool', new URL('user-pool.mjs', import.meta.url), {
    environment: { POOL_PORT: String(port), POOL_FOLDER: folder, TRIGGER_URL: triggerAddress },
    onExit: fail,
  });
  stops.push(process.stop);
  await waitFor(`http://${host}:${port}/${pool}/.well-known/jwks.json`);
  return `http://${host}:${port}`;
};

const startHost = async ({ name, address, grpcAddress, project }, { poolAddress, tablesAddress }, shipper) => {
  const process = start(name, project.binary, {
    environment: {
      ASPNETCORE_ENVIRONMENT: 'Development',
      ASPNETCORE_URLS: address,
      ...(grpcAddress && { GRPC_URL: grpcAddress }),
      AWS_ENDPOINT_URL_DYNAMODB: tablesAddress,
      ...(page && { ALLOWED_ORIGINS: page.allowedOrigins }),
      ...(poolAddress && { TOKEN_ISSUERS: `${poolAddress}/${pool}`, USER_POOL_URL: poolAddress }),
    },
    folder: project.folder,
    onLine: (line) => shipper.add(name, line),
    onExit: fail,
  });
  stops.push(process.stop);
  await waitFor(`${address}/health/ready`);
};

/** Returns the path of a file that always holds a valid access token. */
const keepSignedIn = async (poolAddress) => {
  const file = join(folder, 'token');
  const renew = async () => writeFileSync(file, await signIn(poolAddress), { mode: 0o600 });
  await signUp(poolAddress);
  await renew();
  const timer = setInterval(() => renew().catch((error) => console.error(error.message)), renewal);
  stops.push(() => clearInterval(timer));
  return file;
};

/** Waits until an address answers with success. */
const waitFor = async (address) => {
  for (const end = Date.now() + 60_000; !isStopping; await new Promise((over) => setTimeout(over, 50))) {
    const response = await fetch(address).catch(() => undefined);
    if (response?.ok) return;
    if (Date.now() > end) throw new Error(`${address} has not answered with success for a minute.`);
  }
};

runAll().catch((error) => fail(error.message));
