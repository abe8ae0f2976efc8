// Deploys the functions under handlers/: each folder with a function.json is one. Add a folder to deploy a function, remove it to
// remove the function.
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const yaml = require('js-yaml');

// osls runs in the folder of serverless.yml.
const service = process.cwd();
const handlers = join(service, 'handlers');

// CloudFormation's short forms, such as !Ref, are read as what they stand before.
const short = ['scalar', 'sequence', 'mapping'].map((kind) => new yaml.Type('!', { kind, multi: true, construct: (data) => data }));
const read = (...path) => yaml.load(readFileSync(join(service, ...path), 'utf8'), { schema: yaml.DEFAULT_SCHEMA.extend(short) });

const logicalId = (name) => name[0].toUpperCase() + name.slice(1);

// What two routes have in common that API Gateway or Kestrel cannot tell apart: parameters have no name, letters no case.
const routeKey = ({ method, path }) => `${method} ${path.replace(/\{\w+(\+?)\}/g, '{$1}').replace(/(?<=.)\/$/, '')}`.toUpperCase();

// Segments, parameters such as {id}, and at the end a greedy one, such as {path+}. No two parameters of one name, and no . or .., which
// clients resolve.
const isRoutePath = (path) =>
  path === '/' || /^(?!.*\/\.\.?(\/|$))(\/([\w.~-]+|\{\w+\}))*(\/\{\w+\+\})?$/.test(path) && path !== '' && new Set(path.toLowerCase().match(/\w+(?=\+?\})/g)).size === (path.match(/\{/g) ?? []).length;

// The functions that serverless.yml itself has, with their routes.
const ownFunctions = () => {
  const { functions } = read('serverless.yml');
  return [functions].flat().filter((some) => typeof some === 'object').flatMap(Object.entries).map(([name, { events = [] }]) => ({
    where: 'serverless.yml',
    name,
    routes: events.filter((event) => event.httpApi).map(({ httpApi }) => {
      const [method, path] = typeof httpApi === 'string' ? httpApi.split(' ') : [httpApi.method, httpApi.path];
      return { method, path: path ?? '' };
    }),
  }));
};

// The logical ids that the files under resources/ have, each with its file.
const ownResources = () =>
  existsSync(join(service, 'resources'))
    ? readdirSync(join(service, 'resources')).filter((file) => file.endsWith('.yml')).flatMap((file) =>
        Object.keys(read('resources', file)?.Resources ?? {}).map((id) => [id, `resources/${file}`]))
    : [];

const described = () => {
  const added = (existsSync(handlers) ? readdirSync(handlers, { withFileTypes: true }) : [])
    .filter((entry) => entry.isDirectory() && existsSync(join(handlers, entry.name, 'function.json')))
    .map((entry) => ({ where: `handlers/${entry.name}/function.json`, ...JSON.parse(readFileSync(join(handlers, entry.name, 'function.json'), 'utf8')) }));

  // Whatever has the same name or route would be replaced without a word.
  const names = new Map();
  const routes = new Map(['/health/live', '/health/ready', '/openapi.json'].map((path) => [routeKey({ method: 'GET', path }), 'the host on Kestrel']));
  const resources = new Map(ownResources());
  for (const { where, name, routes: own } of ownFunctions()) {
    names.set(name.toUpperCase(), where);
    own.forEach((route) => routes.set(routeKey(route), where));
  }
  for (const { where, name, method, path } of added) {
    if (!isRoutePath(path))
      throw new Error(`${where} has the path "${path}", which is not the path of a route. Expected a path such as /teams/{id} or, with a greedy parameter at the end, /files/{path+}.`);
    const taken = (what, by) => new Error(`${where} has ${what}, which ${by} has already. Choose another one, or remove one of the two.`);
    if (names.has(name.toUpperCase()))
      throw taken(`the name "${name}"`, names.get(name.toUpperCase()));
    if (routes.has(routeKey({ method, path })))
      throw taken(`the route "${method} ${path}"`, routes.get(routeKey({ method, path })));
    for (const id of ['Role', 'Call', 'LogGroup', 'LambdaFunction'].map((ending) => `${logicalId(name)}${ending}`))
      if (resources.has(id))
        throw taken(`the name "${name}", and so the resource ${id}`, resources.get(id));
    names.set(name.toUpperCase(), where);
    routes.set(routeKey({ method, path }), where);
  }
  return added;
};

const signedInRoleOf = (resolveVariable) => resolveVariable('self:custom.signedInRole, null');

// Access tokens hold the scope and id tokens hold none: without it the API's built-in authorizer takes both.
const guard = async ({ where, access }, resolveVariable) => {
  const token = (await resolveVariable('self:provider.httpApi.authorizers, null'))?.token;
  const guards = {
    ...(token && { token: token.type === 'jwt' ? { name: 'token', scopes: ['aws.cognito.signin.user.admin'] } : { name: 'token' } }),
    // Without the role that the identity pool gives to signed-in users, nobody could call the route.
    ...((await signedInRoleOf(resolveVariable)) && { iam: { type: 'aws_iam' } }),
    anyone: undefined,
  };
  if (!Object.hasOwn(guards, access)) {
    const lacks = { token: 'serverless.yml has no authorizer "token"', iam: 'serverless.yml has no custom.signedInRole, the role of an identity pool' }[access];
    throw new Error(`${where} has the access "${access}". Expected ${Object.keys(guards).join(' or ')}${lacks ? `, because ${lacks}` : ''}.`);
  }
  return guards[access];
};

module.exports.functions = async ({ resolveVariable }) => {
  const isManaged = (await resolveVariable('self:provider.runtime')).startsWith('dotnet');
  const functions = {};
  for (const handler of described()) {
    const { name, description, method, path, environment } = handler;
    const authorizer = await guard(handler, resolveVariable);
    functions[name] = {
      description,
      handler: isManaged ? 'bootstrap' : name,
      role: `${logicalId(name)}Role`,
      environment: {
        ...(isManaged && { SERVICE_FUNCTION: name }),
        ...(handler.access === 'iam' && { USER_POOLS: await resolveVariable('self:custom.userPools') }),
        ...environment,
      },
      events: [{ httpApi: { method, path, authorizer } }],
    };
  }
  return functions;
};

module.exports.resources = async ({ resolveVariable }) => {
  const prefix = `${await resolveVariable('self:service')}-${await resolveVariable('sls:stage')}`;
  const statement = (Action, Resource) => ({ Effect: 'Allow', Action, Resource });
  const policy = (PolicyName, Statement) => ({ PolicyName, PolicyDocument: { Version: '2012-10-17', Statement } });
  const signedInRole = await signedInRoleOf(resolveVariable);
  const Parameters = {};
  const Resources = {};
  const extensions = {};
  for (const { name, method, path, access, statements = [] } of described()) {
    const logGroup = { 'Fn::Sub': `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${prefix}-${name}:*` };
    Resources[`${logicalId(name)}Role`] = {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        },
        Policies: [
          policy('logs', [statement(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup)]),
          ...(statements.length ? [policy('function', statements)] : []),
        ],
        Tags: Object.entries(await resolveVariable('self:provider.tags')).map(([Key, Value]) => ({ Key, Value })),
      },
    };
    if (access === 'iam') {
      // Signed-in users of the identity pool may call the route. What the auth service publishes about them, CloudFormation reads at every
      // deployment.
      for (const [id, Default] of Object.entries((await resolveVariable('self:custom.signedInParameters, null')) ?? {}))
        Parameters[id] = { Type: 'AWS::SSM::Parameter::Value<String>', Default };
      const route = `${method}${path.replace(/\{[^}]*\}/g, '*')}`;
      const api = { 'Fn::Sub': `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${HttpApi}/$default/${route}` };
      Resources[`${logicalId(name)}Call`] = {
        Type: 'AWS::IAM::RolePolicy',
        Properties: { RoleName: signedInRole, ...policy(`${prefix}-${name}`, [statement('execute-api:Invoke', api)]) },
      };
    }
    extensions[`${logicalId(name)}LambdaFunction`] = { Properties: { LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN' } } };
  }
  return { Parameters, Resources, extensions };
};
