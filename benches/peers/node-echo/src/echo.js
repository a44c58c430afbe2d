// Sends each record's payload back to the connection it came from, one after another, as the reference of 2019 does.

import { ApiGatewayManagementApiClient, PostToConnectionCommand } from "@aws-sdk/client-apigatewaymanagementapi";

const { AWS_ENDPOINT_URL: emulator, SLUICEGATE_API_ID: apiId, SLUICEGATE_STAGE: stage } = process.env;
const client = new ApiGatewayManagementApiClient({
  endpoint: emulator ? `${emulator}/_aws/execute-api/${apiId}/${stage}` : process.env.SLUICEGATE_CONNECTIONS_ENDPOINT,
});

const GONE = 410;

export async function handler({ Records: records }) {
  for (const { kinesis } of records) {
    const { payload, connectionId } = JSON.parse(Buffer.from(kinesis.data, "base64").toString("utf8"));
    try {
      await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: JSON.stringify(payload) }));
    } catch (error) {
      // The client has left, which is no error.
      if (error.$metadata?.httpStatusCode !== GONE) throw error;
    }
  }
}
