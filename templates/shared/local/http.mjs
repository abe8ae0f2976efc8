// Small HTTP servers on this machine, on free ports.
import { createServer } from 'node:http';

export const host = '127.0.0.1';

/** Serves requests until `stop` is called. */
export const listen = (handle) =>
  new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      handle(request, response).catch((error) => {
        console.error(error);
        response.writeHead(500).end();
      });
    });
    server.on('error', reject);
    server.listen(0, host, () =>
      resolve({
        port: server.address().port,
        stop: () => {
          server.closeAllConnections();
          return new Promise((stopped) => server.close(stopped));
        },
      }),
    );
  });

export const readBody = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
};

/** A port that nothing listens on. */
export const freePort = async () => {
  const server = await listen(async () => {});
  await server.stop();
  return server.port;
};
