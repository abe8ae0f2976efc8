// What a service consists of on this machine.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const list = (folder) => (existsSync(folder) ? readdirSync(folder).sort() : []);
const extension = process.platform === 'win32' ? '.exe' : '';

const projectsOf = (service) =>
  list(join(service.folder, 'src')).map((name) => ({ name, folder: join(service.folder, 'src', name) }));

const withBinary = (project, binary) =>
  project && { ...project, binary: join(project.folder, 'bin', 'Debug', 'net10.0', `${binary}${extension}`) };

/** The service on Kestrel, if it has an HTTP API, or undefined: { name, folder, binary }. */
export const hostOf = (service) => {
  if (!existsSync(join(service.folder, 'cors.json'))) return undefined;
  const project = projectsOf(service).find(({ name }) => name.endsWith('.Host'));
  return withBinary(project, project?.name);
};

/** The service as it is deployed: { name, folder, binary }. */
export const functionsOf = (service) => withBinary(projectsOf(service).find(({ name }) => !name.endsWith('.Host')), 'bootstrap');

/** The settings of a host on a developer's machine: { USERS_TABLE, … }. */
export const settingsOf = (host) => JSON.parse(readFileSync(join(host.folder, 'appsettings.Development.json'), 'utf8'));

/** Whether a host asks its callers for tokens. */
export const takesTokens = (host) => 'TOKEN_CLIENTS' in settingsOf(host);

/** Whether a host serves gRPC as well. */
export const servesGrpc = (host) => 'GRPC_URL' in settingsOf(host);

/** Whether one of the service's functions is a trigger of the user pool. */
export const hasTrigger = (service) => /^\s+- cognitoUserPool:/m.test(readFileSync(join(service.folder, 'serverless.yml'), 'utf8'));

/** The calls of the API in the sample events of the service's tests, without those that name something: { method, path, body }. */
export const sampleCallsOf = (service) =>
  list(join(service.folder, 'tests'))
    .flatMap((tests) => list(join(service.folder, 'tests', tests, 'events')).map((file) => join(service.folder, 'tests', tests, 'events', file)))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')))
    .filter((event) => event.version === '2.0' && event.requestContext?.http && !event.pathParameters && event.type !== 'REQUEST')
    .map((event) => ({ method: event.requestContext.http.method, path: event.rawPath, body: event.body }));
