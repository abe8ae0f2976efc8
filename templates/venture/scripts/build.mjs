// Publishes every service into its artifacts/service.zip: node scripts/build.mjs [--container]
// --container builds in AWS's image, which has the glibc of Lambda: needed where the machine has a newer one, or is not Linux.
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { functionsOf } from '../shared/local/projects.mjs';
import { main, run } from '../shared/scripts/commands.mjs';
import { findServices, root } from '../shared/local/services.mjs';

const image = 'public.ecr.aws/sam/build-dotnet10';

const inContainer = (projects, folders) => {
  const packages = process.env.NUGET_PACKAGES ?? join(homedir(), '.nuget', 'packages');
  mkdirSync(packages, { recursive: true });
  // The container's user is root; what it writes is given to the owner of the folders that it writes to.
  const script = `
    set -e
    for project in ${projects.map(quote).join(' ')}; do dotnet publish "$project" -c Release -r linux-__ridArchitecture__; done
    chown -R --reference=. ${[...folders, 'shared'].map(quote).join(' ')}
    chown -R --reference=/packages /packages`;
  run('docker', [
    'run', '--rm', '--platform', 'linux/__containerArchitecture__',
    '--volume', `${root}:/venture`, '--volume', `${packages}:/packages`, '--env', 'NUGET_PACKAGES=/packages', '--workdir', '/venture',
    image, 'sh', '-c', script,
  ]);
};

const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

await main(() => {
  const { values } = parseArgs({ options: { container: { type: 'boolean' } } });
  const services = findServices();
  const projects = services.map((service) => `${service.name}/src/${functionsOf(service).name}`);
  if (values.container) inContainer(projects, services.map(({ name }) => name));
  else for (const project of projects) run('dotnet', ['publish', project, '-c', 'Release', '-r', 'linux-__ridArchitecture__'], { cwd: root });
});
