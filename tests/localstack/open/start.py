"""Runs LocalStack, as the leader of a process group, until standard input ends; then kills the group."""

import os
import runpy
import signal
import sys
import threading


def end_with_input():
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


threading.Thread(target=end_with_input, daemon=True).start()
runpy.run_module("localstack.runtime.main", run_name="__main__")
