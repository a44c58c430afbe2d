// Posts each message back to its connection with AWS's SDK; connecting and leaving are answered with 200.
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require("@aws-sdk/client-apigatewaymanagementapi");

const client = new ApiGatewayManagementApiClient({
  region: "us-east-1",
  endpoint: process.env.CALLBACK_ENDPOINT,
});

exports.handler = async ({ requestContext: { connectionId, eventType }, body }) => {
  if (eventType === "MESSAGE") {
    await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: body }));
  }
  return { statusCode: 200 };
};
