// The page in the local run: built for the local services, and built again when its source changes. It is served with the headers that a
// deployed page has.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBody } from '../../shared/local/http.mjs';
import { client, pool } from '../../shared/local/user-pool.mjs';
import { securityHeaders } from '../security.mjs';
import { answerForPool, preparePool } from './pool.mjs';

const web = fileURLToPath(new URL('..', import.meta.url));
const mostTraces = 1_000;
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/**
 * Begins to serve the page, at the first address on this machine that cors.json of the auth service lets in, or at a free port if that one is
 * taken: { address, allowedOrigins, keep, publish, stop }. `publish` builds it.
 * @param service The auth service.
 * @param folder Where the built page is put.
 */
export const openPage = async (service, folder) => {
  const { allowedOrigins } = JSON.parse(readFileSync(join(service.folder, 'cors.json'), 'utf8'));
  const port = allowedOrigins.map((origin) => new URL(origin)).find(({ hostname }) => hostname === 'localhost')?.port || 0;
  const built = join(folder, 'page');
  const traces = new Map(); // trace id -> lines
  let configuration, poolAddress;

  const server = createServer((request, response) => {
    serve(request, response).catch((error) => {
      console.error(error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });

  const serve = async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    // A page of another site could reach this server under a name of its own that leads to this machine.
    if (!/^(localhost|127\.0\.0\.1):\d+$/.test(request.headers.host ?? '') || configuration === undefined) return response.writeHead(404).end();
    if (pathname === '/pool' && request.method === 'POST') {
      const { status, body } = await answerForPool(poolAddress, pool, request.headers['x-amz-target'] ?? '', await readBody(request));
      return response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' }).end(body);
    }
    if (request.method !== 'GET') return response.writeHead(405).end();
    if (pathname === '/lines') {
      return response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(traces.get(searchParams.get('trace')) ?? []));
    }
    const path = pathname === '/' ? '/index.html' : pathname;
    const content = /^(\/[\w-][\w.-]*)+$/.test(path) && (await readFile(join(built, path)).catch(() => undefined));
    if (!content) return response.writeHead(404).end();
    response.writeHead(200, { ...securityHeaders(configuration), 'Content-Type': types[extname(path)] ?? 'application/octet-stream', 'Cache-Control': 'no-store' }).end(content);
  };

  await listenOn(server, Number(port));
  const address = `http://localhost:${server.address().port}`;
  let watcher;

  return {
    address: `${address}/`,
    allowedOrigins: [...new Set([...allowedOrigins, address])].join(','),
    /** Keeps a log line, which the page asks for by its trace. */
    keep: (line) => {
      if (!line.trace) return;
      const lines = traces.get(line.trace) ?? [];
      lines.push(line);
      traces.set(line.trace, lines);
      if (traces.size > mostTraces) traces.delete(traces.keys().next().value);
    },
    /** Builds the page for the services, { name, address }, and again whenever its source changes. */
    publish: async (services, poolAt) => {
      poolAddress = poolAt;
      await preparePool(poolAddress, pool);
      const found = {
        region: pool.split('_')[0],
        userPoolId: pool,
        userPoolClientId: client,
        userPoolEndpoint: `${address}/pool`,
        apis: Object.fromEntries(services.map(({ name, address: of }) => [name, of])),
      };
      // Only here: the packages of web/ are not needed to start the services.
      const { build } = await import('vite');
      const { settings } = await import('../vite.config.mjs');
      const { build: settingsOfBuild, ...rest } = settings(found, true);
      watcher = await build({ ...rest, configFile: false, root: web, logLevel: 'warn', clearScreen: false, build: { ...settingsOfBuild, outDir: built, emptyOutDir: true, watch: {} } });
      await new Promise((done, failed) => {
        watcher.on('event', ({ code, error, result }) => {
          result?.close();
          if (code === 'END') done();
          // Later on Vite only prints it: a mistake in the source must not end the local run.
          if (code === 'ERROR') failed(error);
        });
      });
      configuration = found;
    },
    stop: async () => {
      await watcher?.close();
      server.closeAllConnections();
      await new Promise((stopped) => server.close(stopped));
    },
  };
};

const listenOn = (server, port) =>
  new Promise((listening, failed) => {
    server.once('error', (error) => {
      if (error.code === 'EADDRINUSE' && port !== 0) listenOn(server, 0).then(listening, failed);
      else failed(error);
    });
    server.listen(port, '127.0.0.1', listening);
  });
