// Finds the services of the venture: each folder at the root that holds a serverless.yml.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The venture's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The services in the order in which they are deployed: { name, folder, dependsOn }, the name being the folder's. A service depends on
 * those that publish an SSM parameter that it reads.
 */
export const findServices = () => {
  const found = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'serverless.yml')))
    .map(({ name }) => {
      const folder = join(root, name);
      return { name, folder, ...parametersOf(folder) };
    });

  const services = found.map(({ name, folder, reads }) => ({
    name,
    folder,
    dependsOn: found.filter((other) => other.name !== name && other.publishes.some((path) => reads.has(path))).map((other) => other.name),
  }));

  const ordered = [];
  const add = (service) => {
    if (ordered.includes(service)) return;
    service.dependsOn.forEach((name) => add(services.find((other) => other.name === name)));
    ordered.push(service);
  };
  services.forEach(add);
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
