// The resources that a parameter of serverless.yml asks for. Each function returns what the file resources/<name>.yml would: Resources,
// or nothing. A value that cannot be used stops the deployment with a sentence.
'use strict';

const tags = async (resolveVariable) => {
  const tags = await resolveVariable('self:provider.tags');
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value: String(Value) }));
};

const choice = async (resolveVariable, name, values) => {
  const value = String(await resolveVariable(`param:${name}`));
  if (!values.includes(value))
    throw new Error(`${name} is "${value}"; must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}.`);
  return value;
};

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters-AccountLevel.html
// "LogGroupName NOT IN [...]" is the only selection that CloudWatch Logs takes; it takes whole names, in 25 KB.
module.exports.allLogGroups = async ({ resolveVariable }) => {
  const isOff = await choice(resolveVariable, 'allLogGroups', ['off', 'overlap', 'on']) === 'off';
  const others = String(await resolveVariable('param:excludedLogGroups')).split(',').map((name) => name.trim()).filter((name) => name);
  for (const name of others) {
    if (!/^[.\-_/#A-Za-z0-9]{1,512}$/.test(name))
      throw new Error(`excludedLogGroups has "${name}"; must be the names of log groups, whole, with commas between them.`);
  }
  if (isOff)
    return {};

  const service = `${await resolveVariable('self:service')}-${await resolveVariable('sls:stage')}`;
  // A line of the forwarder's own would cause the next one.
  const excluded = [`/aws/lambda/${service}-forwarder`, `/aws/lambda/${service}-redrive`, ...others];
  const selection = `LogGroupName NOT IN ${JSON.stringify([...new Set(excluded)])}`;
  if (Buffer.byteLength(selection) > 25_000)
    throw new Error(`excludedLogGroups makes a selection of ${Buffer.byteLength(selection)} bytes; CloudWatch Logs takes 25,000.`);
  return {
    Resources: {
      AllLogGroups: {
        Type: 'AWS::Logs::AccountPolicy',
        DependsOn: 'SubscriptionPermission',
        Properties: {
          PolicyName: `${service}-all-log-groups`,
          PolicyType: 'SUBSCRIPTION_FILTER_POLICY',
          Scope: 'ALL',
          PolicyDocument: { 'Fn::Sub': '{"DestinationArn":"${ForwarderLambdaFunction.Arn}","FilterPattern":"","Distribution":"ByLogStream"}' },
          SelectionCriteria: selection,
        },
      },
    },
  };
};

module.exports.redriveSchedule = async ({ resolveVariable }) => {
  const schedule = String(await resolveVariable('param:redriveSchedule'));
  if (schedule === '')
    return {};
  if (!/^(rate\([1-9][0-9]* (minute|minutes|hour|hours|day|days)\)|cron\([^()]+\))$/.test(schedule))
    throw new Error(`redriveSchedule is "${schedule}"; must be rate(<number> <unit>) or cron(<six fields>), such as rate(1 hour).`);
  return {
    Resources: {
      RedriveSchedule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          Description: 'Ships again what the failure destination keeps',
          ScheduleExpression: schedule,
          State: 'ENABLED',
          Targets: [{
            Id: 'redrive',
            Arn: { 'Fn::GetAtt': ['RedriveLambdaFunction', 'Arn'] },
            // From where the last run stopped, so that events that fail again hold up none behind them.
            Input: '{"continue":true}',
          }],
          Tags: await tags(resolveVariable),
        },
      },
      RedriveSchedulePermission: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          FunctionName: { 'Fn::GetAtt': ['RedriveLambdaFunction', 'Arn'] },
          Action: 'lambda:InvokeFunction',
          Principal: 'events.amazonaws.com',
          SourceArn: { 'Fn::GetAtt': ['RedriveSchedule', 'Arn'] },
        },
      },
      // The next run does what this one could not.
      RedriveInvocations: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: {
          FunctionName: { Ref: 'RedriveLambdaFunction' },
          Qualifier: '$LATEST',
          MaximumRetryAttempts: 0,
        },
      },
    },
  };
};

module.exports.alarmOnSplitLines = async ({ resolveVariable }) => {
  if (await choice(resolveVariable, 'alarmOnSplitLines', ['off', 'on']) === 'off')
    return {};
  return {
    Resources: {
      LinesSplit: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          AlarmDescription: 'Lines were too long for the destination and were sent in parts. README.md, "When an alarm rings".',
          Namespace: 'LogForwarder',
          MetricName: 'Split',
          Dimensions: [{ Name: 'FunctionName', Value: { Ref: 'ForwarderLambdaFunction' } }],
          Statistic: 'Sum',
          Period: 300,
          EvaluationPeriods: 1,
          Threshold: 1,
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
          TreatMissingData: 'notBreaching',
          AlarmActions: [{ Ref: 'Alarms' }],
        },
      },
    },
  };
};
