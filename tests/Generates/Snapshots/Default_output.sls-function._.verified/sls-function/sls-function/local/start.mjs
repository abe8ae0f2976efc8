// The tables of the service on this machine, as resources/*.yml has them. Ctrl+C ends them.
import { createRequire } from 'node:module';
import { createTables } from './tables.mjs';

const port = Number(process.env.TABLE_PORT ?? 8001);

const server = createRequire(import.meta.url)('dynalite')({ createTableMs: 0 });
await new Promise((ready) => server.listen(port, '127.0.0.1', ready));
await createTables(`http://127.0.0.1:${server.address().port}/`);
console.log('Ready');
