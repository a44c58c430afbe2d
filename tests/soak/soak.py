"""Loads the emulator for minutes, removes everything again, and compares its resources with those before.

Two rounds of the same kind: a brief one, after which caches are warm and pools have their size, and the measured one.
After each, streams, functions, queues, logs and the API are deleted, so that nothing is kept on purpose."""

import argparse
import base64
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "python"))

import aws  # noqa: E402
import emulator  # noqa: E402
import left  # noqa: E402

STAGE, CONNECTIONS = "soak", 50
# How much memory may differ between two rounds: fragments of pages. A kilobyte per connect would be 20 MB.
EMULATOR_GROWTH_BYTES_MAX = 12 * 1_048_576
FUNCTION_GROWTH_BYTES_MAX = 8 * 1_048_576
# A function's memory is first measured after this part of the round.
SETTLED = 0.2
TEMPLATE = HERE.parent.parent / "terraform/modules/gateway/templates/message.vtl"
UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
# A close frame with code 1000, masked with zeros.
CLOSE = bytes([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8])


def main():
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, tempfile.TemporaryFile("w+") as errors:
        # A backtrace would load tens of megabytes of debug information, and the panic is reported anyway.
        # mimalloc releases memory at later allocations, which an emulator at rest never makes: it would seem to hold
        # everything that the round used. Without the delay, memory that is held is in use.
        environment = {**os.environ, "TMPDIR": folder, "RUST_BACKTRACE": "0", "MIMALLOC_PURGE_DELAY": "0"}
        program = pathlib.Path(asked.emulator).resolve()
        with emulator.running(program, environment, errors) as (process, address):
            soak = Soak(asked, program, process.pid, address)
            brief = argparse.Namespace(**{**vars(asked), "minutes": min(asked.minutes / 5, 0.5)})
            for number in ("connects", "updates", "mappings", "crashes"):
                setattr(brief, number, max(2, getattr(asked, number) // 20))
            soak.round(brief)
            before = soak.holds(folder)
            grown = soak.round(asked)
            after = soak.holds(folder)
        at_end = left.folders(folder)
        errors.seek(0)
        panics = [line.strip() for line in errors if " panicked at " in line]
    sys.exit(report(before, after, grown, at_end, panics))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emulator", required=True, help="the program sluicegate")
    parser.add_argument("--function", required=True, help="the program echo")
    parser.add_argument("--short", action="store_true", help="less than a minute, for every change")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--rate", type=int, help="messages a second")
    parser.add_argument("--connects", type=int, help="WebSockets opened and closed beside the load")
    parser.add_argument("--updates", type=int, help="of a function's code, each invoked after")
    parser.add_argument("--mappings", type=int, help="created and deleted again, with records meanwhile")
    parser.add_argument("--crashes", type=int, help="of a function in mid-invocation")
    asked = parser.parse_args()
    full, short = (5.0, 2_000, 20_000, 300, 200, 100), (0.3, 100, 400, 10, 8, 5)
    for name, value in zip(("minutes", "rate", "connects", "updates", "mappings", "crashes"), short if asked.short else full):
        if getattr(asked, name) is None:
            setattr(asked, name, value)
    return asked


class Soak:
    """One emulator, which is loaded in rounds."""

    def __init__(self, asked, program, pid, address):
        self.asked, self.program, self.pid, self.address = asked, program, pid, address
        self.errors = []

    def client(self):
        return aws.Client(self.address, "developer", "secret")

    def round(self, asked):
        """Fills the emulator, loads it, and empties it; returns by how many bytes the function has grown."""
        client = self.client()
        stream_arn, churn_arn = emulator.stream(client, "soak"), emulator.stream(client, "churn")
        role_arn = emulator.function_role(client)
        queue = client.json("sqs", "AmazonSQS.CreateQueue", {"QueueName": "faults"})["QueueUrl"]
        echo = pathlib.Path(asked.function).read_bytes()
        emulator.function(client, "crash", role_arn, script("crash.py"))
        emulator.function(client, "churn", role_arn, script("answer.py"))

        def feed(api_id):
            variables = {
                "SLUICEGATE_API_ID": api_id,
                "SLUICEGATE_STAGE": STAGE,
                "SLUICEGATE_CONNECTIONS_ENDPOINT": emulator.connections_endpoint(self.address, api_id, STAGE),
                "SLUICEGATE_DEAD_LETTER_QUEUE_URL": queue,
            }
            emulator.function(client, "echo", role_arn, emulator.package(echo), variables)
            emulator.mapping(client, "echo", stream_arn)

        template = TEMPLATE.read_text().replace("${stream_name}", "soak")
        api_id = emulator.api(client, STAGE, template, feed)
        uri = emulator.websocket_uri(self.address, api_id, STAGE)
        grown = self.wear(asked, uri, churn_arn)
        self.empty(api_id, queue)
        if self.errors:
            raise SystemExit("\n".join(self.errors))
        return grown

    def wear(self, asked, uri, churn_arn):
        """Everything at once, with the load throughout."""
        seconds = asked.minutes * 60
        command = [self.program, "load", uri, "--rate", str(asked.rate), "--duration", str(seconds)]
        command += ["--connections", str(CONNECTIONS), "--timeout", "60", "--json", "-"]
        load = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        ended = time.monotonic() + seconds
        steps = [
            (asked.connects, lambda client, step: self.connect(uri, step)),
            (asked.updates, lambda client, step: self.update(client, step)),
            (asked.mappings, lambda client, step: self.remap(client, churn_arn)),
            (asked.crashes, lambda client, step: self.crash(client)),
        ]
        threads = [threading.Thread(target=self.pace, args=(ended, *step)) for step in steps]
        for thread in threads:
            thread.start()
        emulator.until("the function runs", lambda: left.child_in(self.pid, "echo"))
        time.sleep(max(0.0, ended - time.monotonic() - seconds * (1 - SETTLED)))
        first = left.memory_bytes(left.child_in(self.pid, "echo"))
        for thread in threads:
            thread.join()
        printed, logged = load.communicate()
        if load.returncode != 0:
            raise SystemExit(f"the load failed:\n{logged[-2_000:]}")
        counts = json.loads(printed)["counts"]
        print(f"{asked.minutes:.1f} minutes: {counts}", flush=True)
        return left.memory_bytes(left.child_in(self.pid, "echo")) - first

    def pace(self, ended, count, do):
        """Does something so many times, spread evenly over the rest of the round."""
        client = self.client()
        begun = time.monotonic()
        try:
            for step in range(count):
                due = begun + (ended - begun) * step / count
                time.sleep(max(0.0, due - time.monotonic()))
                do(client, step)
        except BaseException as error:  # a thread's error would be lost with it
            self.errors.append(f"step {step}: {type(error).__name__}: {error}")

    def connect(self, uri, step):
        """A handshake; every second one ends without a close frame."""
        host, path = uri.removeprefix("ws://").split("/", 1)
        name, port = host.split(":")
        # Loopback addresses in turn: each has some 28,000 ports.
        source = (f"127.0.0.{2 + step % 8}", 0)
        with socket.create_connection((name, int(port)), 10, source) as client:
            client.sendall(UPGRADE.format(host=host, path=f"/{path}").encode())
            head = client.recv(4_096)
            if not head.startswith(b"HTTP/1.1 101"):
                raise SystemExit(f"a handshake was refused: {head!r}")
            if step % 2:
                client.sendall(CLOSE)
                client.recv(16)

    def update(self, client, step):
        """New code, and a process that runs it."""
        code = script("answer.py", [("step", str(step).encode())])
        path = f"{emulator.FUNCTIONS}/churn"
        client.rest("lambda", "PUT", f"{path}/code", {"ZipFile": base64.b64encode(code).decode()})
        client.rest("lambda", "POST", f"{path}/invocations", {"Records": []})

    def remap(self, client, source_arn):
        """A mapping that gets records while it is deleted."""
        uuid = emulator.mapping(client, "churn", source_arn)
        record = {"StreamName": "churn", "Data": "e30=", "PartitionKey": "k"}
        client.json("kinesis", "Kinesis_20131202.PutRecord", record)
        client.rest("lambda", "DELETE", f"{emulator.MAPPINGS}/{uuid}")
        emulator.until("the mapping is gone", lambda: is_gone(client, f"{emulator.MAPPINGS}/{uuid}"))

    def crash(self, client):
        answer = client.rest("lambda", "POST", f"{emulator.FUNCTIONS}/crash/invocations", {})
        if "errorType" not in answer:
            raise SystemExit(f"the function did not crash: {answer}")

    def empty(self, api_id, queue):
        """Deletes everything that was created."""
        client = self.client()
        client.rest("apigateway", "DELETE", f"/v2/apis/{api_id}")
        for mapping in client.rest("lambda", "GET", emulator.MAPPINGS)["EventSourceMappings"]:
            path = f"{emulator.MAPPINGS}/{mapping['UUID']}"
            client.rest("lambda", "DELETE", path)
            emulator.until("a mapping is gone", lambda: is_gone(client, path))
        for name in ("echo", "churn", "crash"):
            client.rest("lambda", "DELETE", f"{emulator.FUNCTIONS}/{name}")
        for name in ("soak", "churn"):
            client.json("kinesis", "Kinesis_20131202.DeleteStream", {"StreamName": name})
        client.json("sqs", "AmazonSQS.DeleteQueue", {"QueueUrl": queue})
        for name in ("function", "integration"):
            client.form("iam", "2010-05-08", "DeleteRolePolicy", RoleName=name, PolicyName="p")
            client.form("iam", "2010-05-08", "DeleteRole", RoleName=name)
        for group in client.json("logs", "Logs_20140328.DescribeLogGroups", {})["logGroups"]:
            client.json("logs", "Logs_20140328.DeleteLogGroup", {"logGroupName": group["logGroupName"]})
        client.connection.close()
        streams = lambda: client.json("kinesis", "Kinesis_20131202.ListStreams", {})["StreamNames"]
        emulator.until("the streams are gone", lambda: not streams())
        client.connection.close()
        emulator.until("the functions have ended", lambda: not left.children(self.pid))

    def holds(self, folder):
        """The emulator's resources, at rest."""
        return {
            "memory_bytes": left.at_rest_bytes(self.pid),
            "descriptors": left.descriptors(self.pid),
            "children": left.children(self.pid),
            "folders": left.folders(folder),
        }


def script(name, files=()):
    """A function that is a script beside this one, as a zip."""
    bootstrap = f"#!/bin/sh\nexec '{sys.executable}' {name}\n"
    return emulator.package(bootstrap, [(name, (HERE / name).read_bytes()), *files])


def is_gone(client, path):
    try:
        client.rest("lambda", "GET", path)
        return False
    except aws.Refused as refused:
        return refused.status == 404


def report(before, after, grown, at_end, panics):
    """Prints both states; returns 1 if something is left."""
    megabytes = lambda number: f"{number / 1_048_576:.1f} MB"
    emulator_grown = after["memory_bytes"] - before["memory_bytes"]
    print(f"emulator: {megabytes(before['memory_bytes'])} before, {megabytes(after['memory_bytes'])} after")
    print(f"function: grown by {megabytes(grown)}")
    for name in ("descriptors", "children", "folders"):
        print(f"{name}: {before[name]} before, {after[name]} after")
    wrong = []
    if emulator_grown > EMULATOR_GROWTH_BYTES_MAX:
        wrong.append(f"the emulator has grown by {megabytes(emulator_grown)}")
    if grown > FUNCTION_GROWTH_BYTES_MAX:
        wrong.append(f"the function has grown by {megabytes(grown)}")
    if after["descriptors"] > before["descriptors"]:
        wrong.append(f"{after['descriptors'] - before['descriptors']} descriptors are left")
    wrong += [f"process {pid} is left, in state {state}" for pid, state in after["children"]]
    wrong += [f"folder {name} is left" for name in after["folders"] if name not in before["folders"]]
    wrong += panics
    wrong += [f"folder {name} is left by the emulator" for name in at_end]
    print("\n".join(f"FAILED: {what}" for what in wrong) or "nothing is left")
    return 1 if wrong else 0


main()
