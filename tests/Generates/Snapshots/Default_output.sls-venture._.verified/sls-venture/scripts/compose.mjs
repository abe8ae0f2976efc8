// Packages, deploys or removes every service, in order: node scripts/compose.mjs <package|deploy|remove|info> [--stage <stage>] [--param <name>=<value>]
// A stage called pr-<number> is a preview: it uses the log forwarder of dev, and its data goes when it is removed.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main, run } from '../shared/scripts/commands.mjs';
import { removePreview } from './remove-preview.mjs';
import { findServices, root } from '../shared/local/services.mjs';

const commands = ['package', 'deploy', 'remove', 'info'];
const isPreview = (stage) => /^pr-\d+$/.test(stage);

const previewParams = { forwarderStage: 'dev', data: 'delete' };

const compose = (command, stage, settings) => {
  const modules = join(root, 'node_modules');
  if (!existsSync(join(modules, '@osls', 'compose'))) throw new Failure('@osls/compose is not installed. Run npm ci.');
  const program = join(dirname(createRequire(join(root, 'package.json')).resolve('@osls/compose/package.json')), 'bin', 'serverless-compose');
  run(process.execPath, [program, command, '--stage', stage], {
    cwd: root,
    env: {
      // serverless-compose.js reads it: compose takes no parameters on its command line.
      COMPOSE_SETTINGS: JSON.stringify(settings),
      // It finds osls as 'serverless'.
      PATH: [join(modules, '.bin'), process.env.PATH].join(delimiter),
    },
  });
};

await main(() => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { stage: { type: 'string', default: 'dev' }, param: { type: 'string', multiple: true, default: [] } },
  });
  const [command, ...rest] = positionals;
  if (!commands.includes(command) || rest.length > 0) throw new Failure(`"${positionals.join(' ')}" is not a command. Use one of: ${commands.join(', ')}.`);
  const { stage } = values;
  if (!/^[a-z][a-z0-9-]{0,13}$/.test(stage)) throw new Failure(`"${stage}" is not a stage. Use at most 14 lower-case letters, digits and hyphens, such as dev, prod or pr-7.`);
  const given = Object.fromEntries(
    values.param.map((text) => {
      const [, name, value] = text.match(/^([A-Za-z][A-Za-z0-9]*)=([\s\S]*)$/) ?? [];
      if (!name) throw new Failure(`--param ${text} does not set a parameter. Use --param <name>=<value>.`);
      return [name, value];
    }),
  );

  const services = findServices();
  const missing = services.filter(({ folder }) => !existsSync(join(folder, 'artifacts', 'service.zip')));
  if (['package', 'deploy'].includes(command) && missing.length > 0)
    throw new Failure(`${missing.map(({ name }) => `${name}/artifacts/service.zip`).join(', ')} is missing. Build it with npm run build or npm run build:container.`);

  if (!isPreview(stage)) compose(command, stage, { params: given });
  else if (command === 'remove') removePreview(stage);
  else {
    const forwarders = services.filter(({ publishes }) => publishes.includes('/log-forwarder/arn')).map(({ name }) => name);
    compose(command, stage, { without: forwarders, params: { ...previewParams, ...given } });
  }
});
