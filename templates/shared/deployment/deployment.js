// A plugin of the Serverless Framework: what a deployment of this service needs beyond what the framework does by itself.
'use strict';
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { resolve } = require('node:path');

// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
const maxFunctionName = 64;

module.exports = class Deployment {
  constructor(serverless, options) {
    this.serverless = serverless;
    this.options = options;
    this.provider = serverless.getProvider('aws');
    this.hooks = {
      initialize: () => this.prepare(),
      'package:initialize': () => this.checkFunctionNames(),
      'before:package:finalize': () => this.recordTarget(),
      'before:remove:remove': () => this.emptyBuckets(),
    };
  }

  prepare() {
    if (this.serverless.processedInput.commands.join(' ') !== 'deploy') return;
    const folder = this.options.package ?? this.serverless.service.package?.path;
    if (folder) this.checkTarget(resolve(this.serverless.serviceDir ?? '.', folder));
    // Without this the framework skips a deployment whose files have not changed. But the parameters that other stacks publish may have
    // changed, and only a deployment reads them again.
    this.options.force = true;
  }

  checkFunctionNames() {
    for (const key of this.serverless.service.getAllFunctions()) {
      const { name } = this.serverless.service.getFunction(key);
      if (name.length > maxFunctionName)
        this.fail(
          `The function name "${name}" has ${name.length} characters; Lambda allows ${maxFunctionName}. ` +
            `Shorten the stage "${this.provider.getStage()}", the service name or the function's name by ${name.length - maxFunctionName}.`,
        );
    }
  }

  // A package holds the names of the stage and the region that it was built for.
  get target() {
    return { service: this.serverless.service.service, stage: this.provider.getStage(), region: this.provider.getRegion() };
  }

  recordTarget() {
    this.serverless.service.custom = { ...this.serverless.service.custom, packagedFor: this.target };
  }

  checkTarget(folder) {
    const described = ({ service, stage, region }) => `${service}, stage ${stage}, ${region}`;
    let packaged;
    try {
      packaged = JSON.parse(readFileSync(resolve(folder, 'serverless-state.json'), 'utf8')).service.custom?.packagedFor;
    } catch (error) {
      this.fail(`There is no package in ${folder} (${error.code ?? error.message}). Build one: osls package --package <folder> --stage ${this.target.stage}`);
    }
    if (!packaged) this.fail(`The package in ${folder} does not say what it was built for. Build it again: osls package --package <folder> --stage ${this.target.stage}`);
    if (described(packaged) !== described(this.target))
      this.fail(
        `The package in ${folder} was built for ${described(packaged)}; it cannot be deployed to ${described(this.target)}. ` +
          `Build one for that: osls package --package <folder> --stage ${this.target.stage} --region ${this.target.region}`,
      );
  }

  // CloudFormation deletes a bucket only if it is empty. This empties those that the deployed stack marks for deletion, and no other.
  async emptyBuckets() {
    // Only osls has the AWS SDK that this needs. With another framework, empty the buckets by hand.
    if (!this.provider.getAwsSdkV3Config) return;
    const sdk = createRequire(require.main.filename);
    const { CloudFormationClient, DescribeStackResourceCommand, GetTemplateCommand } = sdk('@aws-sdk/client-cloudformation');
    const { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } = sdk('@aws-sdk/client-s3');
    const config = await this.provider.getAwsSdkV3Config();
    const cloudFormation = new CloudFormationClient(config);
    const s3 = new S3Client(config);
    const StackName = this.provider.naming.getStackName();

    for (const LogicalResourceId of await this.bucketsToDelete(() => cloudFormation.send(new GetTemplateCommand({ StackName })))) {
      const { StackResourceDetail } = await cloudFormation.send(new DescribeStackResourceCommand({ StackName, LogicalResourceId }));
      const Bucket = StackResourceDetail.PhysicalResourceId;
      if (!Bucket || StackResourceDetail.ResourceStatus === 'DELETE_COMPLETE') continue;
      // Each round deletes what it lists, up to 1,000 objects, until nothing is left.
      for (;;) {
        const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
        const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
        if (Objects.length === 0) break;
        const { Errors: [error] = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
        if (error) this.fail(`The bucket ${Bucket} could not be emptied: ${error.Code} for ${error.Key}. Empty it, then remove the stack again.`);
      }
    }
  }

  async bucketsToDelete(getTemplate) {
    let body;
    try {
      body = (await getTemplate()).TemplateBody;
    } catch (error) {
      // No stack of this name: the framework says so.
      if (error.name === 'ValidationError') return [];
      throw error;
    }
    return Object.entries(JSON.parse(body).Resources)
      .filter(([, { Type, DeletionPolicy }]) => Type === 'AWS::S3::Bucket' && DeletionPolicy === 'Delete')
      .map(([id]) => id);
  }

  fail(message) {
    throw new this.serverless.classes.Error(message, 'DEPLOYMENT_REFUSED');
  }
};
