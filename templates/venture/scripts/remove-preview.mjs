// Removes a preview with all its data. By its stacks and not by the services found here: those may have changed since it was deployed.
import { Failure } from '../shared/scripts/commands.mjs';
import { aws, venture } from './venture.mjs';

/** Empties the buckets of every stack of the stage, then deletes the stacks. */
export const removePreview = (stage) => {
  const stacks = aws('cloudformation', 'list-stacks', '--query', 'StackSummaries[].[StackName,StackStatus]')
    .filter(([name, status]) => name.startsWith(`${venture}-`) && name.endsWith(`-${stage}`) && status !== 'DELETE_COMPLETE')
    .map(([name]) => name)
    .filter(isOfVenture);

  for (const stack of stacks) {
    console.log(`Removing ${stack}`);
    for (const bucket of bucketsOf(stack)) empty(bucket);
    aws('cloudformation', 'delete-stack', '--stack-name', stack);
  }
  for (const stack of stacks) aws('cloudformation', 'wait', 'stack-delete-complete', '--stack-name', stack);
  console.log(stacks.length === 0 ? `There is no stack of ${stage}.` : `Removed ${stacks.join(', ')}.`);
};

// The name of another venture may begin with this one's.
const isOfVenture = (stack) => {
  const tags = aws('cloudformation', 'describe-stacks', '--stack-name', stack, '--query', 'Stacks[0].Tags');
  const owner = tags.find(({ Key }) => Key === 'appName')?.Value;
  if (owner === undefined) throw new Failure(`${stack} has no tag appName, so it is not known to be of this venture. Remove it by hand.`);
  return owner === venture;
};

const bucketsOf = (stack) =>
  aws('cloudformation', 'list-stack-resources', '--stack-name', stack, '--query', "StackResourceSummaries[?ResourceType=='AWS::S3::Bucket' && ResourceStatus!='DELETE_COMPLETE'].PhysicalResourceId").filter(Boolean);

// With all versions of its objects: a bucket that keeps them is not empty before they are gone. A call deletes 1,000 at most, and takes an argument of 128 KiB at most.
const empty = (bucket) => {
  const { Versions = [], DeleteMarkers = [] } = aws('s3api', 'list-object-versions', '--bucket', bucket);
  const objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
  for (let start = 0; start < objects.length; start += 100)
    aws('s3api', 'delete-objects', '--bucket', bucket, '--delete', JSON.stringify({ Objects: objects.slice(start, start + 100), Quiet: true }));
};
