"""Starts the emulator, deploys an echo over Kinesis, runs the suite against it, and compares each case's outcome."""

import fnmatch
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "python"))

import aws  # noqa: E402
import emulator  # noqa: E402

STREAM, STAGE, AGENT = "autobahn", "test", "sluicegate"
# The suite's own waits alone take minutes.
SUITE_S = 1_800
# The suite's words for a case that is held; every other is a failure.
HELD = {"OK", "NON-STRICT", "INFORMATIONAL"}


def main():
    program, report = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    expected = json.loads((HERE / "expected.json").read_text())
    cases = sys.argv[3:] or ["*"]
    shutil.rmtree(report, ignore_errors=True)
    with emulator.running(program) as (_, address):
        uri = deploy(aws.Client(address, "developer", "secret"), address)
        run_suite(uri, report, cases, expected["excluded"])
    index = json.loads((report / "index.json").read_text())[AGENT]
    sys.exit(compare(index, expected["failures"], cases))


def deploy(client, address):
    """Makes the stack; answers the URI of its stage."""
    stream_arn = emulator.stream(client, STREAM)
    role_arn = emulator.function_role(client)

    def feed(api_id):
        endpoint = emulator.connections_endpoint(address, api_id, STAGE)
        bootstrap = f"#!/bin/sh\nexec '{sys.executable}' echo.py\n"
        files = [(path.name, path.read_bytes()) for path in (HERE / "echo.py", HERE.parent / "python/aws.py")]
        code = emulator.package(bootstrap, files)
        emulator.function(client, "echo", role_arn, code, {"CONNECTIONS_ENDPOINT": endpoint})
        emulator.mapping(client, "echo", stream_arn)

    api_id = emulator.api(client, STAGE, (HERE / "record.vtl").read_text(), feed)
    return emulator.websocket_uri(address, api_id, STAGE)


def run_suite(uri, report, cases, excluded):
    spec = {
        "outdir": str(report),
        "servers": [{"agent": AGENT, "url": uri}],
        "cases": cases,
        "exclude-cases": list(excluded),
        "exclude-agent-cases": {},
    }
    # Some of what it needs lies in namespace packages, which are found through .pth files alone.
    wstest = "import os, site; site.addsitedir(os.environ['SUITE']); from autobahntestsuite.wstest import run; run()"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file, tempfile.TemporaryFile("w+") as output:
        json.dump(spec, file)
        file.flush()
        command = [os.environ["PYTHON2"], "-c", wstest, "--mode", "fuzzingclient", "--spec", file.name]
        ended = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, timeout=SUITE_S, check=False)
        if ended.returncode != 0 or not (report / "index.json").exists():
            output.seek(0)
            raise SystemExit(f"wstest failed with {ended.returncode}:\n{output.read()[-4_000:]}")


def compare(index, failures, cases):
    """Prints the table; answers 1 where a case failed that is not listed, or one passed that is."""
    outcome = {case: held(result) for case, result in index.items()}
    reason = {case: group["reason"] for group in failures for case in group["cases"]}
    wrong = []
    for case, result in index.items():
        if not outcome[case] and case not in reason:
            wrong.append(f"{case} failed: {result['behavior']}, close {result['behaviorClose']}")
        if outcome[case] and case in reason:
            wrong.append(f"{case} passed, and is listed as failing: {reason[case]}")
    for group in failures:
        for case in group["cases"]:
            code = index.get(case, {}).get("remoteCloseCode")
            if case in index and group.get("close", code) != code:
                wrong.append(f"{case} fails, but for another reason: it was closed with {code}, not {group['close']}")
    asked = lambda case: any(fnmatch.fnmatchcase(case, pattern) for pattern in cases)
    wrong += [f"{case} is listed as failing, and was not run" for case in reason if asked(case) and case not in index]
    count = {}
    for case, result in index.items():
        word = result["behavior"] if outcome[case] else "expected failure" if case in reason else "FAILURE"
        count[word] = count.get(word, 0) + 1
    print(f"{len(index)} cases")
    for word in sorted(count):
        print(f"{count[word]:6} {word}")
    for group in failures:
        run = [case for case in group["cases"] if case in index]
        if run:
            print(f"{len(run):6} of them: {group['reason']}")
    print("\n".join(wrong))
    return 1 if wrong or not index else 0


def held(result):
    """Whether the suite takes the echo, and the way the connection was closed, for right."""
    return result["behavior"] in HELD and result["behaviorClose"] in HELD


main()
