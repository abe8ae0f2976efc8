// Creates, or changes, the role that GitHub Actions deploys an environment with:
//   node scripts/create-deploy-role.mjs --environment <dev|prod|preview> [--repository <owner>/<name>] [--budget <US dollars a month> --email <address>]
// Uses your own AWS credentials, which must be of the account that the environment is deployed to, and the GitHub CLI.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main, read, run } from '../shared/scripts/commands.mjs';
import { aws, region, venture } from './venture.mjs';
import { root } from '../shared/local/services.mjs';

const provider = 'oidc-provider/token.actions.githubusercontent.com';
const environments = ['dev', 'prod', 'preview'];

const repositoryOf = (given) => {
  const repository = given ?? read('gh', ['repo', 'view', '--json', 'nameWithOwner', '--jq', '.nameWithOwner']);
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) throw new Failure(`"${repository}" is not a repository. Use --repository <owner>/<name>.`);
  return repository;
};

// GitHub says what the tokens of the repository name as their subject: those of repositories made since July 2026 hold its ids.
const subjectOf = (repository) => {
  const { use_default: isDefault, sub_claim_prefix: prefix } = JSON.parse(read('gh', ['api', `repos/${repository}/actions/oidc/customization/sub`]));
  if (!isDefault) throw new Failure(`${repository} has a subject claim of its own for identity tokens, which the role does not understand. Set it to the default in the repository's Actions settings, OIDC.`);
  return prefix ?? `repo:${repository}`;
};

const stackExists = (name) =>
  aws('cloudformation', 'list-stacks', '--query', "StackSummaries[?StackStatus!='DELETE_COMPLETE'].StackName").includes(name);

// Once this stack has made the provider, it goes on to own it.
const hasOtherProvider = (stack) => {
  if (stackExists(stack)) {
    const parameters = aws('cloudformation', 'describe-stacks', '--stack-name', stack, '--query', 'Stacks[0].Parameters');
    return parameters.find(({ ParameterKey }) => ParameterKey === 'HasGitHubProvider').ParameterValue;
  }
  return String(aws('iam', 'list-open-id-connect-providers', '--query', 'OpenIDConnectProviderList[].Arn').some((arn) => arn.endsWith(provider)));
};

await main(() => {
  const { values } = parseArgs({ options: { environment: { type: 'string' }, repository: { type: 'string' }, budget: { type: 'string' }, email: { type: 'string' } } });
  const { environment, budget, email } = values;
  if (!environments.includes(environment)) throw new Failure(`"${environment ?? ''}" is not an environment. Use --environment with one of: ${environments.join(', ')}.`);
  if (budget !== undefined && !/^[1-9]\d*$/.test(budget)) throw new Failure(`"${budget}" is not a budget. Use --budget with whole US dollars a month, such as 50.`);
  if ((budget === undefined) !== (email === undefined)) throw new Failure('A budget needs an address that is told about it, and an address a budget. Use --budget <US dollars a month> --email <address>.');

  const repository = repositoryOf(values.repository);
  const stack = `github-${venture}-${environment}`;
  run('aws', [
    'cloudformation', 'deploy', '--region', region, '--stack-name', stack, '--template-file', join(root, 'deploy', 'github-role.yml'),
    '--capabilities', 'CAPABILITY_NAMED_IAM', '--no-fail-on-empty-changeset', '--tags', `appName=${venture}`, `stage=${environment}`,
    '--parameter-overrides', `Stage=${environment === 'preview' ? 'pr-*' : environment}`, `Subject=${subjectOf(repository)}`, `HasGitHubProvider=${hasOtherProvider(stack)}`,
    ...(budget === undefined ? [] : [`MonthlyBudget=${budget}`, `BudgetEmail=${email}`]),
  ]);
  const role = aws('cloudformation', 'describe-stacks', '--stack-name', stack, '--query', "Stacks[0].Outputs[?OutputKey=='RoleArn'].OutputValue")[0];

  console.log(
    environment === 'preview'
      ? `\nNow let the repository use it:\n\n  gh variable set AWS_PREVIEW_ROLE --repo ${repository} --body ${role}`
      : `\nNow let the environment use it, and only main deploy to it (add reviewers on the page of the environment):\n
  gh api -X PUT repos/${repository}/environments/${environment} -F "deployment_branch_policy[protected_branches]=false" -F "deployment_branch_policy[custom_branch_policies]=true"
  gh api -X POST repos/${repository}/environments/${environment}/deployment-branch-policies -f name=main
  gh variable set AWS_DEPLOY_ROLE --repo ${repository} --env ${environment} --body ${role}`,
  );
});
