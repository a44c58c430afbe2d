"""A runtime executor for LocalStack that runs functions of custom runtimes as processes.

LocalStack's own executor needs Docker, an image and an init program that no registry has. LocalStack finds this one
through the entry point beside it, where `LAMBDA_RUNTIME_EXECUTOR=process`.
"""

import contextlib
import json
import os
import queue
import subprocess
import tempfile
import threading
import time
from concurrent.futures import Future, InvalidStateError
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

LOOPBACK = "127.0.0.1"
# What a function gets from this machine: its interpreter's path, and how the tests know it again.
INHERITED = ("PATH", "SLUICEGATE_TEST_RUN")


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *args, **kwargs):
        return ProcessExecutor


class RuntimeApi(BaseHTTPRequestHandler):
    """Lambda's Runtime API for one process, which is `self.server.function`."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        function = self.server.function
        settle(function.ready, True)
        event = function.events.get()
        if event is None:
            self.close_connection = True
            return
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": event["invoke-id"],
            "Lambda-Runtime-Deadline-Ms": event["deadline-ms"],
            "Lambda-Runtime-Invoked-Function-Arn": event["invoked-function-arn"],
            "Lambda-Runtime-Trace-Id": event["trace-id"],
        }
        self.respond(200, headers, event["payload"].encode())

    def do_POST(self):
        function = self.server.function
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        *_, request_id, outcome = self.path.split("/")
        if self.path.endswith("/init/error"):
            settle(function.ready, LambdaRuntimeException(body.decode()))
        elif request_id == function.request_id:
            settle(function.result, (body, outcome == "error"))
        self.respond(202, {}, b"")

    def respond(self, status, headers, body):
        self.send_response(status)
        for name, value in (headers | {"Content-Length": len(body)}).items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


class FunctionProcess:
    """A function's process, and the server that it gets its events from."""

    def __init__(self, folder, environment, log):
        self.events, self.ready, self.result, self.request_id = queue.SimpleQueue(), Future(), Future(), None
        self.ended = False
        self.server = ThreadingHTTPServer((LOOPBACK, 0), RuntimeApi)
        self.server.daemon_threads, self.server.function = True, self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        environment = environment | {"AWS_LAMBDA_RUNTIME_API": f"{LOOPBACK}:{self.server.server_port}"}
        # In LocalStack's process group, so that it ends with it.
        self.process = subprocess.Popen(
            [os.path.join(folder, "bootstrap")],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )
        threading.Thread(target=self.watch, daemon=True).start()
        self.ready.result(timeout=config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT)

    def watch(self):
        status = self.process.wait()
        self.ended = True
        self.events.put(None)
        for future in (self.ready, self.result):
            settle(future, LambdaRuntimeException(f"Runtime exited with {status}"))
        self.server.shutdown()
        self.server.server_close()

    def invoke(self, event, timeout_s):
        """What the function answered, and whether that is an error."""
        self.request_id, result = event["invoke-id"], Future()
        self.result = result
        if self.ended:
            raise LambdaRuntimeException("Runtime exited")
        self.events.put(event | {"deadline-ms": int((time.time() + timeout_s) * 1000)})
        return result.result(timeout=timeout_s)

    def kill(self):
        self.process.kill()
        self.process.wait()


class ProcessExecutor(RuntimeExecutor):
    """One execution environment. A process that ends or times out is replaced at the next invocation, as on AWS."""

    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self.log = tempfile.NamedTemporaryFile(dir=config.dirs.tmp, prefix="function-", suffix=".log")
        self.function = None

    def start(self, env_vars):
        folder = str(self.function_version.config.code.get_unzipped_code_location())
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        environment = {name: str(value) for name, value in env_vars.items()} | {"LAMBDA_TASK_ROOT": folder} | inherited
        self.spawn = lambda: FunctionProcess(folder, environment, self.log)
        self.function = self.spawn()

    def stop(self):
        if self.function:
            self.function.kill()

    def invoke(self, payload):
        request_id, timeout_s = payload["invoke-id"], self.function_version.config.timeout
        log_start = os.path.getsize(self.log.name)
        try:
            if self.function.ended:
                self.function = self.spawn()
            body, is_error = self.function.invoke(payload, timeout_s)
        except (LambdaRuntimeException, TimeoutError) as error:
            self.function.kill()
            text = f"Task timed out after {timeout_s}.00 seconds" if isinstance(error, TimeoutError) else str(error)
            answer = {"errorType": "Runtime.Error", "errorMessage": f"RequestId: {request_id} Error: {text}"}
            body, is_error = json.dumps(answer).encode(), True
        with open(self.log.name, encoding="utf-8", errors="replace") as log:
            log.seek(log_start)
            logs = f"START RequestId: {request_id}\n{log.read()}END RequestId: {request_id}\n"
        return InvocationResult(request_id, body, is_error=is_error, logs=logs)

    def get_address(self):
        return LOOPBACK

    def get_endpoint_from_executor(self):
        return LOOPBACK

    def get_runtime_endpoint(self):
        return f"http://{LOOPBACK}:{config.GATEWAY_LISTEN[0].port}"

    def get_logs(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as log:
            return log.read()

    @classmethod
    def prepare_version(cls, function_version):
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass


def settle(future, outcome):
    """Gives a future its outcome, unless it has one."""
    with contextlib.suppress(InvalidStateError):
        future.set_exception(outcome) if isinstance(outcome, Exception) else future.set_result(outcome)
