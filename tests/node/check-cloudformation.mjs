// Holds CloudFormation templates against the schema of every resource type: node check-cloudformation.mjs <template.json>…
// Writes a JSON object from each file to what is wrong in it, a sentence each.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// The packages are installed where the command runs, not beside this file.
const { loadAwsServiceSpecSync } = createRequire(join(process.cwd(), 'package.json'))('@aws-cdk/aws-service-spec');
const schema = loadAwsServiceSpecSync();
const typesOf = name => schema.lookup('resource', 'cloudFormationType', 'equals', name);

// Members of a resource itself: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html
const resourceMembers = ['Type', 'Properties', 'DependsOn', 'Condition', 'Metadata', 'DeletionPolicy', 'UpdateReplacePolicy', 'CreationPolicy', 'UpdatePolicy'];
const pseudoParameters = ['AccountId', 'NotificationARNs', 'NoValue', 'Partition', 'Region', 'StackId', 'StackName', 'URLSuffix'].map(name => `AWS::${name}`);

const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);

// {"Ref": …} and {"Fn::…": …} give a value whose type is known only at deployment.
const isIntrinsic = value => isObject(value) && Object.keys(value).length === 1 && /^(Ref|Condition|Fn::.+)$/.test(Object.keys(value)[0]);

const faultsOf = {
  string: value => isScalar(value) ? [] : ['is no text'],
  number: value => isNumber(value) ? [] : ['is no number'],
  integer: value => isNumber(value) && Number.isInteger(Number(value)) ? [] : ['is no whole number'],
  boolean: value => [true, false, 'true', 'false'].includes(value) ? [] : ['is neither true nor false'],
  'date-time': value => typeof value === 'string' ? [] : ['is no time'],
  json: () => [],
  tag: value => isObject(value) && Object.keys(value).sort().join() === 'Key,Value' ? [] : ['is no tag: {"Key", "Value"}'],
  array: (value, type, path) => Array.isArray(value)
    ? value.flatMap((item, i) => check(item, type.element, `${path}[${i}]`))
    : ['is no list'],
  map: (value, type, path) => isObject(value)
    ? Object.entries(value).flatMap(([key, item]) => check(item, type.element, `${path}.${key}`))
    : ['is no map'],
  ref: (value, type, path) => isObject(value)
    ? checkMembers(value, schema.get('typeDefinition', type.reference.$ref).properties, path)
    : ['is no object'],
  union: (value, type, path) => {
    const faults = type.types.map(candidate => check(value, candidate, path));
    return faults.some(list => list.length === 0) ? [] : faults[0];
  },
};

const isScalar = value => ['string', 'number', 'boolean'].includes(typeof value);
const isNumber = value => isScalar(value) && value !== '' && !Number.isNaN(Number(value));

function check(value, type, path) {
  if (isIntrinsic(value))
    return [];
  const faults = faultsOf[type.type](value, type, path).map(fault => /^[a-z]/.test(fault) ? `${path} ${fault}` : fault);
  return faults.length === 0 && type.allowedValues && !type.allowedValues.includes(value)
    ? [`${path} is ${JSON.stringify(value)}, not one of ${type.allowedValues.join(', ')}`]
    : faults;
}

function checkMembers(value, properties, path) {
  const unknown = Object.keys(value).filter(name => !(name in properties)).map(name => `${path}.${name} is no property`);
  const missing = Object.keys(properties).filter(name => properties[name].required && !(name in value)).map(name => `${path}.${name} is missing`);
  const wrong = Object.entries(value).filter(([name]) => name in properties).flatMap(([name, item]) => check(item, properties[name].type, `${path}.${name}`));
  return [...unknown, ...missing, ...wrong];
}

function checkResource(name, resource) {
  const strange = Object.keys(resource).filter(member => !resourceMembers.includes(member)).map(member => `${name}: ${member} is no member of a resource`);
  if (resource.Type.startsWith('Custom::'))
    return strange;
  const types = typesOf(resource.Type);
  return types.length === 0
    ? [...strange, `${name}: there is no type ${resource.Type}`]
    : [...strange, ...checkMembers(resource.Properties ?? {}, types[0].properties, `${name} (${resource.Type})`)];
}

// Everything that {"Ref"}, {"Fn::GetAtt"} and {"Fn::Sub"} name has to be there.
function* references(value) {
  if (Array.isArray(value)) {
    for (const item of value)
      yield* references(item);
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (key === 'Ref') {
        yield [item];
      } else if (key === 'Fn::GetAtt') {
        const [name, ...attribute] = Array.isArray(item) ? item : item.split('.');
        yield [name, attribute.join('.')];
      } else if (key === 'Fn::Sub') {
        const [text, variables] = Array.isArray(item) ? item : [item, {}];
        for (const [, name] of text.matchAll(/\$\{([^!}][^}]*)\}/g))
          if (!(name in variables))
            yield [name.split('.')[0], name.includes('.') ? name.slice(name.indexOf('.') + 1) : undefined];
        yield* references(variables);
      } else {
        yield* references(item);
      }
    }
  }
}

function checkReferences(where, value, template) {
  return [...references(value)].flatMap(([name, attribute]) => {
    if (pseudoParameters.includes(name) || name in (template.Parameters ?? {}))
      return [];
    const resource = template.Resources[name];
    if (!resource)
      return [`${where}: there is no resource ${name}`];
    const type = typesOf(resource.Type)[0];
    // Attributes may be declared, or be the type's own properties.
    return attribute === undefined || !type || attribute in type.attributes || attribute in type.properties || attribute.startsWith('Outputs.')
      ? []
      : [`${where}: ${name} (${resource.Type}) has no attribute ${attribute}`];
  });
}

const result = {};
for (const file of process.argv.slice(2)) {
  const template = JSON.parse(readFileSync(file, 'utf8'));
  const resources = Object.entries(template.Resources);
  const names = new Set(resources.map(([name]) => name));
  result[file] = [
    ...resources.flatMap(([name, resource]) => checkResource(name, resource)),
    ...resources.flatMap(([name, resource]) => checkReferences(name, resource.Properties, template)),
    ...Object.entries(template.Outputs ?? {}).flatMap(([name, output]) => checkReferences(`output ${name}`, output, template)),
    ...resources.flatMap(([name, resource]) => [resource.DependsOn ?? []].flat().filter(other => !names.has(other)).map(other => `${name}: depends on ${other}, which is not there`)),
  ];
}
console.log(JSON.stringify(result, null, 2));
