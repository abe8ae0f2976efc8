// Runs all tests. Those of a service that was published run its functions as they are in its zip: node scripts/test.mjs
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { functionsOf } from '../shared/local/projects.mjs';
import { main, run } from '../shared/scripts/commands.mjs';
import { findServices, root } from '../shared/local/services.mjs';

const projectsIn = (folder) => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.Tests')).map((name) => join(folder, name)) : []);

const publishedBinaryOf = (service) => {
  const folder = join(functionsOf(service).folder, 'bin', 'Release', 'net10.0', 'linux-x64', 'publish');
  return ['bootstrap.dll', 'bootstrap'].map((name) => join(folder, name)).find(existsSync);
};

await main(() => {
  for (const project of projectsIn(join(root, 'shared'))) run('dotnet', ['test', project]);
  for (const service of findServices()) {
    const binary = publishedBinaryOf(service);
    for (const project of projectsIn(join(service.folder, 'tests'))) run('dotnet', ['test', project], { env: binary && { SERVICE_BINARY: binary } });
  }
});
