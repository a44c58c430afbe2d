"""The tier's function: posts each record's data, as it came, to the connection that is its partition key."""

import base64
import http.client
import json
import os
import urllib.parse

import aws

GONE = 410


def main():
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    endpoint = urllib.parse.urlparse(os.environ["CONNECTIONS_ENDPOINT"])
    client = aws.Client(
        endpoint.netloc,
        os.environ["AWS_ACCESS_KEY_ID"],
        os.environ["AWS_SECRET_ACCESS_KEY"],
        os.environ["AWS_SESSION_TOKEN"],
    )
    while True:
        runtime.request("GET", "/2018-06-01/runtime/invocation/next")
        response = runtime.getresponse()
        request_id = response.headers["lambda-runtime-aws-request-id"]
        for record in json.loads(response.read())["Records"]:
            echo(client, endpoint.path, record["kinesis"])
        runtime.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", b"{}")
        runtime.getresponse().read()


def echo(client, path, kinesis):
    connection = urllib.parse.quote(kinesis["partitionKey"], safe="")
    data = base64.b64decode(kinesis["data"])
    try:
        client.call("execute-api", "POST", f"{path}/@connections/{connection}", data)
    except aws.Refused as refused:
        # A case may close its connection before its echo comes.
        if refused.status != GONE:
            raise


main()
