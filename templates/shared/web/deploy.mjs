// Builds the page for a deployed stage and serves it by CloudFront: npm run deploy:web -- --stage <stage>
// Uses the AWS CLI and your own AWS credentials.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'vite';
import { configure } from './configure.mjs';
import { securityHeaders } from './security.mjs';
import { main, run } from '../shared/scripts/commands.mjs';
import { auth, outputsOf, readStage, region, services } from './stage.mjs';
import { settings } from './vite.config.mjs';

const folder = import.meta.dirname;

const originsOf = (service) => JSON.parse(readFileSync(join(service.folder, 'cors.json'), 'utf8')).allowedOrigins;

await main(async () => {
  const stage = readStage();
  const configuration = configure(stage);
  const { build: settingsOfBuild, ...rest } = settings(configuration);
  await build({ ...rest, configFile: false, root: folder, logLevel: 'warn', build: { ...settingsOfBuild, emptyOutDir: true } });

  // Named and tagged as the venture's other stacks are.
  const venture = /\/([\w-]+)\/\$\{sls:stage\}\/auth\/user-pool-id/.exec(readFileSync(join(auth.folder, 'resources', 'parameters.yml'), 'utf8'))[1];
  const stack = `${venture}-web-${stage}`;
  run('aws', [
    'cloudformation', 'deploy', '--region', region, '--stack-name', stack, '--template-file', join(folder, 'hosting.yml'), '--no-fail-on-empty-changeset',
    '--tags', `appName=${venture}`, `stage=${stage}`, '--parameter-overrides', `ContentSecurityPolicy=${securityHeaders(configuration)['Content-Security-Policy']}`,
  ]);
  const outputs = outputsOf(stack);
  const bucket = `s3://${outputs('Bucket')}`;
  // The name of a file in assets/ changes with its content. An older page that is still open finds its files for as long as the stage is there.
  run('aws', ['s3', 'sync', join(folder, 'dist', 'assets'), `${bucket}/assets`, '--region', region, '--cache-control', 'public, max-age=31536000, immutable']);
  run('aws', ['s3', 'sync', join(folder, 'dist'), bucket, '--region', region, '--exclude', 'assets/*', '--cache-control', 'no-cache']);

  const address = outputs('Address');
  console.log(`\nThe page of stage ${stage}: ${address}`);
  const refusing = services.filter(({ name }) => name in configuration.apis || name === auth.name).filter((service) => !originsOf(service).includes(address));
  if (refusing.length > 0)
    console.log(`It may not call ${refusing.map(({ name }) => name).join(' and ')} yet. Add "${address}" to allowedOrigins in ${refusing.map(({ folder: of }) => relative('', join(of, 'cors.json'))).join(' and ')}, then deploy with npm run deploy -- --stage ${stage}`);
});
