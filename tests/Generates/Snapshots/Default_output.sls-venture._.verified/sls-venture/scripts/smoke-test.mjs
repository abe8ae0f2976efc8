// Tests a stage that was deployed: node scripts/smoke-test.mjs [--stage <stage>]
// Every function is ready; every open route answers and every guarded one refuses a caller without a valid token; and a line that is
// written to a log group arrives in the log forwarder, which counts it in its metrics.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Failure, main } from '../shared/scripts/commands.mjs';
import { aws } from './venture.mjs';
import { findServices } from '../shared/local/services.mjs';

const limit = 5 * 60_000; // milliseconds: CloudWatch shows a metric a minute or two after the line
const pause = Number(process.env.SMOKE_TEST_PAUSE ?? 10_000); // milliseconds

const stackOf = (service, stage) => `${/^service:\s*['"]?([^'"\s]+)/m.exec(readFileSync(join(service.folder, 'serverless.yml'), 'utf8'))[1]}-${stage}`;

const resourcesOf = (stack) => aws('cloudformation', 'list-stack-resources', '--stack-name', stack, '--query', 'StackResourceSummaries[].[ResourceType,PhysicalResourceId]');

const ofType = (resources, type) => resources.filter(([name]) => name === type).map(([, id]) => id);

const checkFunctions = (functions) => {
  for (const name of functions) {
    const { State, LastUpdateStatus, StateReason } = aws('lambda', 'get-function-configuration', '--function-name', name, '--query', '{State:State,LastUpdateStatus:LastUpdateStatus,StateReason:StateReason}');
    // Lambda puts a function to sleep that was not called for weeks; the next call wakes it.
    if (!['Active', 'Inactive'].includes(State) || LastUpdateStatus !== 'Successful')
      throw new Failure(`The function ${name} is not ready: its state is ${State}, its last update ${LastUpdateStatus}${StateReason ? ` (${StateReason})` : ''}.`);
  }
};

const checkRoutes = async (api) => {
  const { ApiEndpoint } = aws('apigatewayv2', 'get-api', '--api-id', api, '--query', '{ApiEndpoint:ApiEndpoint}');
  const routes = aws('apigatewayv2', 'get-routes', '--api-id', api, '--query', 'Items[].[RouteKey,AuthorizationType]');
  for (const [key, authorization] of routes) {
    const [method, path] = key.split(' ');
    const isOpen = authorization === 'NONE';
    // An open route that changes something is left alone.
    if (!path || (isOpen && method !== 'GET')) continue;
    const url = ApiEndpoint + path.replace(/\{[^}]*\}/g, 'smoke-test');
    const { status } = await fetch(url, { method, headers: isOpen ? {} : { Authorization: 'Bearer not-a-token' }, signal: AbortSignal.timeout(30_000) });
    if (isOpen ? status >= 500 : ![401, 403].includes(status))
      throw new Failure(`${method} ${url} answered ${status}. Expected ${isOpen ? 'an answer below 500' : '401 or 403, for a token that is not valid'}.`);
    console.log(`  ${method} ${url} ${status}`);
  }
};

/** Writes a line to a log group, from where it goes to the log forwarder like any other. */
const writeLine = (logGroup, stage) => {
  const stream = `smoke-test-${Date.now()}`;
  aws('logs', 'create-log-stream', '--log-group-name', logGroup, '--log-stream-name', stream);
  const message = JSON.stringify({ timestamp: new Date().toISOString(), level: 'Information', message: `Smoke test of ${stage}` });
  aws('logs', 'put-log-events', '--log-group-name', logGroup, '--log-stream-name', stream, '--log-events', JSON.stringify([{ timestamp: Date.now(), message }]));
};

const shippedSince = (forwarder, start) =>
  aws(
    'cloudwatch', 'get-metric-statistics', '--namespace', 'LogForwarder', '--metric-name', 'Shipped', '--dimensions', `Name=FunctionName,Value=${forwarder}`,
    '--start-time', start.toISOString(), '--end-time', new Date(Date.now() + 60_000).toISOString(), '--period', '60', '--statistics', 'Sum', '--query', 'Datapoints[].Sum',
  ).reduce((sum, value) => sum + value, 0);

const checkForwarder = async (logGroup, stage) => {
  const destination = aws('logs', 'describe-subscription-filters', '--log-group-name', logGroup, '--query', 'subscriptionFilters[].destinationArn')[0];
  if (!destination) throw new Failure(`The log group ${logGroup} is not subscribed to a log forwarder.`);
  const forwarder = /:function:([^:]+)/.exec(destination)[1];
  const start = new Date(Math.floor(Date.now() / 60_000) * 60_000);
  writeLine(logGroup, stage);
  for (const end = Date.now() + limit; Date.now() < end; await delay(pause)) {
    const shipped = shippedSince(forwarder, start);
    if (shipped > 0) return console.log(`  ${forwarder} has shipped ${shipped} lines`);
  }
  throw new Failure(`${forwarder} has counted no line as shipped within ${limit / 60_000} minutes. Look at its log and at the alarms of its stack.`);
};

await main(async () => {
  const { values } = parseArgs({ options: { stage: { type: 'string', default: 'dev' } } });
  const { stage } = values;
  const isPreview = /^pr-\d+$/.test(stage);
  const services = findServices().filter(({ publishes }) => !isPreview || !publishes.includes('/log-forwarder/arn'));
  const subscribed = [];
  for (const service of services) {
    const stack = stackOf(service, stage);
    console.log(stack);
    const resources = resourcesOf(stack);
    checkFunctions(ofType(resources, 'AWS::Lambda::Function'));
    for (const api of ofType(resources, 'AWS::ApiGatewayV2::Api')) await checkRoutes(api);
    if (ofType(resources, 'AWS::Logs::SubscriptionFilter').length > 0) subscribed.push(...ofType(resources, 'AWS::Logs::LogGroup'));
  }
  if (subscribed.length > 0) await checkForwarder(subscribed[0], stage);
  console.log(`${stage} is well.`);
});
