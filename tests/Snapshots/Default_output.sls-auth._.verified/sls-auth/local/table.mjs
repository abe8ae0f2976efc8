// Makes a table in a DynamoDB on this machine, which takes any signature; one that is there already stays.
export const createTable = async (address, table) => {
  const answer = await fetch(address, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': 'DynamoDB_20120810.CreateTable',
      'X-Amz-Date': new Date().toISOString().replace(/[-:]|\.\d+/g, ''),
      Authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(table),
  });
  const text = await answer.text();
  if (!answer.ok && !text.includes('ResourceInUseException')) throw new Error(`The table ${table.TableName} could not be made: ${text}`);
};
