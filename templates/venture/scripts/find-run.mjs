// Finds the commit that an earlier run of deploy.yml has built: node scripts/find-run.mjs <run id>
// Writes "commit=<sha>". Refuses a run whose zips nobody has reviewed: one of another workflow, or of another branch than main.
import { Failure, main, read } from '../shared/scripts/commands.mjs';

await main(() => {
  const [id, ...rest] = process.argv.slice(2);
  if (!/^\d+$/.test(id ?? '') || rest.length > 0) throw new Failure(`"${process.argv.slice(2).join(' ')}" is not the id of a run. Give the number at the end of the run's URL.`);
  const run = JSON.parse(read('gh', ['api', `repos/${process.env.GITHUB_REPOSITORY ?? '{owner}/{repo}'}/actions/runs/${id}`]));
  if (run.path !== '.github/workflows/deploy.yml' || run.event !== 'push' || run.head_branch !== 'main')
    throw new Failure(`Run ${id} is of ${run.path} for a ${run.event} to ${run.head_branch}. Give a run of .github/workflows/deploy.yml for a push to main.`);
  console.log(`commit=${run.head_sha}`);
});
