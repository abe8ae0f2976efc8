// The functions under handlers/, each a folder with a function.json: what serverless.yml says of a function of its own, this says of
// them. A folder that is added is deployed, and one that is removed is not.
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

// osls runs in the folder of serverless.yml.
const handlers = join(process.cwd(), 'handlers');

const described = () =>
  (existsSync(handlers) ? readdirSync(handlers, { withFileTypes: true }) : [])
    .filter((entry) => entry.isDirectory() && existsSync(join(handlers, entry.name, 'function.json')))
    .map((entry) => ({ folder: entry.name, ...JSON.parse(readFileSync(join(handlers, entry.name, 'function.json'), 'utf8')) }));

const logicalId = (name) => name[0].toUpperCase() + name.slice(1);

const signedInRoleOf = (resolveVariable) => resolveVariable('self:custom.signedInRole, null');

// Access tokens hold the scope and id tokens hold none: without it the API's built-in authorizer takes both.
const guard = async ({ folder, access }, resolveVariable) => {
  const token = (await resolveVariable('self:provider.httpApi.authorizers, null'))?.token;
  const guards = {
    ...(token && { token: token.type === 'jwt' ? { name: 'token', scopes: ['aws.cognito.signin.user.admin'] } : { name: 'token' } }),
    // Without the role that the identity pool gives to whoever has signed in, nobody could call the route.
    ...((await signedInRoleOf(resolveVariable)) && { iam: { type: 'aws_iam' } }),
    anyone: undefined,
  };
  if (!Object.hasOwn(guards, access)) {
    const lacks = { token: 'serverless.yml has no authorizer "token"', iam: 'serverless.yml has no custom.signedInRole, the role of an identity pool' }[access];
    throw new Error(`handlers/${folder}/function.json has the access "${access}"; expected is ${Object.keys(guards).join(' or ')}${lacks ? `, since ${lacks}` : ''}.`);
  }
  return guards[access];
};

module.exports.functions = async ({ resolveVariable }) => {
  const isManaged = (await resolveVariable('self:provider.runtime')).startsWith('dotnet');
  const functions = {};
  for (const handler of described()) {
    const { name, description, method, path, environment } = handler;
    functions[name] = {
      description,
      handler: isManaged ? 'bootstrap' : name,
      role: `${logicalId(name)}Role`,
      environment: {
        ...(isManaged && { SERVICE_FUNCTION: name }),
        ...(handler.access === 'iam' && { USER_POOLS: await resolveVariable('self:custom.userPools') }),
        ...environment,
      },
      events: [{ httpApi: { method, path, authorizer: await guard(handler, resolveVariable) } }],
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
