"""Runs the emulator as a program of its own, and makes on it what a tier needs."""

import base64
import contextlib
import io
import json
import platform
import signal
import socket
import subprocess
import sys
import time
import zipfile

import aws

ACCOUNT = "000000000000"
PATIENCE_S = 60
FUNCTIONS = "/2015-03-31/functions"
MAPPINGS = "/2015-03-31/event-source-mappings"


@contextlib.contextmanager
def running(program, environment=None, errors=None):
    """Runs `serve` on a free port, and ends it; answers its process and its address."""
    # Who is ended by a signal still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "serve", "--quiet", "--no-write-limits", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=errors) as process:
        try:
            until("the emulator listens", lambda: process.poll() is not None or _connects(port))
            if process.poll() is not None:
                raise SystemExit(f"the emulator has ended: {process.returncode}")
            yield process, f"127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise SystemExit(f"the emulator did not end within {PATIENCE_S} s of SIGTERM")


def _connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def until(what, holds, patience_s=PATIENCE_S):
    """Waits until something holds; what it answers then."""
    deadline = time.monotonic() + patience_s
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {patience_s} s: {what}")
        time.sleep(0.05)


def stream(client, name):
    """Makes a stream of one shard; answers its ARN."""
    client.json("kinesis", "Kinesis_20131202.CreateStream", {"StreamName": name, "ShardCount": 1})
    describe = lambda: client.json("kinesis", "Kinesis_20131202.DescribeStreamSummary", {"StreamName": name})
    until("the stream is active", lambda: describe()["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")
    return f"arn:aws:kinesis:{aws.REGION}:{ACCOUNT}:stream/{name}"


def role(client, name, service, actions):
    """Makes a role that a service assumes; answers its ARN."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    policy = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = lambda statement: json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    version = "2010-05-08"
    client.form("iam", version, "CreateRole", RoleName=name, AssumeRolePolicyDocument=document(trust))
    client.form("iam", version, "PutRolePolicy", RoleName=name, PolicyName="p", PolicyDocument=document(policy))
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def function_role(client):
    """The role of functions that read streams, answer clients, log and report faults."""
    actions = ["kinesis:*", "execute-api:ManageConnections", "logs:*", "sqs:SendMessage"]
    return role(client, "function", "lambda", actions)


def function(client, name, role_arn, zip_bytes, variables=None):
    """Makes a function, and waits until it can be invoked."""
    client.rest("lambda", "POST", FUNCTIONS, {
        "FunctionName": name,
        "Role": role_arn,
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Timeout": 60,
        "Architectures": ["arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"],
        "Environment": {"Variables": variables or {}},
        "Code": {"ZipFile": base64.b64encode(zip_bytes).decode()},
    })
    shown = f"{FUNCTIONS}/{name}/configuration"
    until("the function is active", lambda: client.rest("lambda", "GET", shown)["State"] == "Active")


def mapping(client, function_name, source_arn):
    """Feeds a function from now on; answers the mapping's id once it is enabled."""
    made = client.rest("lambda", "POST", MAPPINGS, {
        "FunctionName": function_name,
        "EventSourceArn": source_arn,
        "StartingPosition": "LATEST",
        "BatchSize": 16,
    })
    path = f"{MAPPINGS}/{made['UUID']}"
    until("the mapping is enabled", lambda: client.rest("lambda", "GET", path)["State"] == "Enabled")
    return made["UUID"]


def api(client, stage, template, before_deployment):
    """Makes an API whose `$default` route puts a record; `before_deployment` is called with its id.

    The stage comes last: whoever can connect is heard."""
    gateway = role(client, "integration", "apigateway", ["kinesis:PutRecord"])
    post = lambda path, document: client.rest("apigateway", "POST", path, document)
    made = post("/v2/apis", {
        "name": "tier",
        "protocolType": "WEBSOCKET",
        "routeSelectionExpression": "$request.body.action",
    })["apiId"]
    integration = post(f"/v2/apis/{made}/integrations", {
        "integrationType": "AWS",
        "integrationMethod": "POST",
        "integrationUri": f"arn:aws:apigateway:{aws.REGION}:kinesis:action/PutRecord",
        "credentialsArn": gateway,
        "requestTemplates": {"$default": template},
    })["integrationId"]
    post(f"/v2/apis/{made}/routes", {"routeKey": "$default", "target": f"integrations/{integration}"})
    before_deployment(made)
    limits = {"throttlingBurstLimit": 1_000_000, "throttlingRateLimit": 1_000_000}
    post(f"/v2/apis/{made}/stages", {"stageName": stage, "autoDeploy": True, "defaultRouteSettings": limits})
    return made


def connections_endpoint(address, api_id, stage):
    """Where a function posts to connections."""
    return f"http://{address}/_aws/execute-api/{api_id}/{stage}"


def websocket_uri(address, api_id, stage):
    """Where clients connect."""
    return f"ws://{address}/_aws/execute-api/{api_id}/{stage}"


def package(bootstrap, files=()):
    """A zip of a bootstrap, as bytes, and of other files as pairs of a name and bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, bootstrap)
        for name, data in files:
            archive.writestr(name, data)
    return content.getvalue()
