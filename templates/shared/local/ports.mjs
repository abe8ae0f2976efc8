import { createServer } from 'node:net';

// Ends the process with a sentence if a port of this machine is taken, as by another service that runs locally.
export const requireFreePort = (port, setting) =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', ({ code, message }) => {
      console.error(code === 'EADDRINUSE' ? `Port ${port} of 127.0.0.1 is in use. Choose a free one: ${setting}=<port> npm run local` : `Port ${port} of 127.0.0.1 cannot be used: ${message}`);
      process.exit(1);
    });
    probe.listen(port, '127.0.0.1', () => probe.close(resolve));
  });
