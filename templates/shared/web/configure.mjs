// Writes config.json, which names a deployed stage's pools and services to the page: npm run config -- --stage <stage>
// Uses the AWS CLI and your own AWS credentials. Nothing in config.json is secret.
import { writeFileSync } from 'node:fs';
import { hostOf } from '../shared/local/projects.mjs';
import { main } from '../shared/scripts/commands.mjs';
import { auth, outputsOf, readStage, region, services, settingOf } from './stage.mjs';

/** Reads the configuration of a stage from its stacks, and writes it. */
export const configure = (stage) => {
  const stackOf = (service) => outputsOf(`${settingOf(service, 'service')}-${stage}`);
  const ofAuth = stackOf(auth);
  const others = services.filter((service) => service !== auth && hostOf(service));
  const configuration = {
    region,
    userPoolId: ofAuth('UserPoolId'),
    userPoolClientId: ofAuth('UserPoolClientId'),
    ...(auth.publishes.includes('/auth/identity-pool-id') && { identityPoolId: ofAuth('IdentityPoolId') }),
    apis: { auth: ofAuth('HttpApiUrl'), ...Object.fromEntries(others.map((service) => [service.name, stackOf(service)('HttpApiUrl')])) },
  };
  writeFileSync(new URL('config.json', import.meta.url), `${JSON.stringify(configuration, null, 2)}\n`);
  console.log(`web/config.json names stage ${stage} in ${region}. Build the page for it with npm run build:web.`);
  return configuration;
};

if (process.argv[1] === import.meta.filename) await main(() => configure(readStage()));
