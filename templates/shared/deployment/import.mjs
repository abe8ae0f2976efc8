// Prepares the import of what a removed stack has kept: node shared/deployment/import.mjs UsersTable=<its name> …
// Run it in the folder of serverless.yml after `osls package`. It writes two files beside the package and prints the commands that
// create the stack again with these resources in it. The next deployment adds everything else.
import { readFileSync, writeFileSync } from 'node:fs';

// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources.html
const identifiers = {
  'AWS::Cognito::UserPool': ['UserPoolId'],
  'AWS::Cognito::UserPoolClient': ['UserPoolId', 'ClientId'],
  'AWS::DynamoDB::Table': ['TableName'],
  'AWS::S3::Bucket': ['BucketName'],
};

const fail = (message) => {
  console.error(message);
  process.exit(1);
};

const read = (file) => {
  try {
    return JSON.parse(readFileSync(`.serverless/${file}`, 'utf8'));
  } catch {
    return fail(`There is no .serverless/${file} in ${process.cwd()}. Run osls package there first.`);
  }
};

const { Resources } = read('cloudformation-template-update-stack.json');
const { service, stage, region } = read('serverless-state.json').service.custom.packagedFor;
const kept = Object.keys(Resources).filter((id) => Resources[id].Type in identifiers && Resources[id].DeletionPolicy?.startsWith('Retain'));
const expected = kept.map((id) => `${id}=${identifiers[Resources[id].Type].map((name) => `<${name}>`).join('/')}`).join(', ');
const given = process.argv.slice(2).map((argument) => /^([^=]+)=(.+)$/.exec(argument)?.slice(1) ?? [argument]);
for (const [id, name] of given)
  if (!kept.includes(id) || name?.split('/').length !== identifiers[Resources[id].Type].length) fail(`"${id}${name ? `=${name}` : ''}" cannot be imported. Expected ${expected}.`);
if (given.length === 0) fail(`Nothing to import is given. Expected ${expected}.`);

// An import may create nothing else, so what refers to a resource that is not imported is left to the next deployment.
const refersToOthers = (value) =>
  [...JSON.stringify(value).matchAll(/"(Ref|Fn::[A-Za-z]+)":(?:"([^"]+)")?/g)].some(([, name, id]) => name !== 'Ref' || !given.some(([imported]) => imported === id));
const importable = ({ Type, DeletionPolicy, UpdateReplacePolicy, Properties }) => ({
  Type,
  DeletionPolicy,
  UpdateReplacePolicy,
  Properties: Object.fromEntries(Object.entries(Properties).filter(([, value]) => !refersToOthers(value))),
});
const write = (file, content) => writeFileSync(`.serverless/${file}`, JSON.stringify(content, null, 2));
write('import-template.json', {
  AWSTemplateFormatVersion: '2010-09-09',
  Resources: Object.fromEntries(given.map(([id]) => [id, importable(Resources[id])])),
});
write('import-resources.json', given.map(([id, name]) => ({
  ResourceType: Resources[id].Type,
  LogicalResourceId: id,
  ResourceIdentifier: Object.fromEntries(identifiers[Resources[id].Type].map((key, i) => [key, name.split('/')[i]])),
})));

const stack = `--region ${region} --stack-name ${service}-${stage}`;
console.log(`aws cloudformation create-change-set ${stack} --change-set-name import --change-set-type IMPORT \\
  --template-body file://.serverless/import-template.json --resources-to-import file://.serverless/import-resources.json
aws cloudformation wait change-set-create-complete ${stack} --change-set-name import
aws cloudformation execute-change-set ${stack} --change-set-name import
aws cloudformation wait stack-import-complete ${stack}`);
