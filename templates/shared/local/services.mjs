// Finds the services of a repository: its root if that holds a serverless.yml, otherwise each folder of it that does.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder, without a slash at its end. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

const isService = (folder) => existsSync(join(folder, 'serverless.yml'));

/**
 * The services in the order in which they are deployed: { name, folder, publishes, dependsOn }. The name is the folder's. A service
 * depends on those that publish an SSM parameter that it reads; `publishes` has these without venture and stage, as /log-forwarder/arn.
 */
export const findServices = () => {
  const folders = isService(root) ? [root] : readdirSync(root).map((name) => join(root, name)).filter(isService);
  const found = folders.map((folder) => ({ name: basename(folder), folder, ...parametersOf(folder) }));

  const services = found.map(({ name, folder, publishes, reads }) => ({
    name,
    folder,
    publishes,
    dependsOn: found.filter((other) => other.name !== name && other.publishes.some((path) => reads.has(path))).map((other) => other.name),
  }));

  const ordered = [];
  const add = (service, ...dependents) => {
    if (dependents.includes(service)) throw new Error(`These services read each other's SSM parameters, so none can be deployed first: ${dependents.map(({ name }) => name).join(', ')}.`);
    if (ordered.includes(service)) return;
    service.dependsOn.forEach((name) => add(services.find((other) => other.name === name), service, ...dependents));
    ordered.push(service);
  };
  services.forEach((service) => add(service));
  return ordered;
};

// /acme/${sls:stage}/log-forwarder/arn is published as "Name: /acme/…" and read anywhere else. The stage does not matter here.
const parametersOf = (folder) => {
  const resources = join(folder, 'resources');
  const files = [join(folder, 'serverless.yml'), ...(existsSync(resources) ? readdirSync(resources).map((file) => join(resources, file)) : [])];
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  const paths = [...text.matchAll(/(Name:\s+['"]?)?\/[\w.-]+\/\$\{[^}]*\}(\/[\w./-]+)/g)].map(([, name, path]) => ({ isPublished: Boolean(name), path }));
  return {
    publishes: paths.filter((parameter) => parameter.isPublished).map(({ path }) => path),
    reads: new Set(paths.filter((parameter) => !parameter.isPublished).map(({ path }) => path)),
  };
};
