# SPDX-License-Identifier: MIT
"""A peer's server process: started in a directory of its own, known to be ready, and ended."""

import contextlib
import subprocess
import time

START_SECONDS = 30


@contextlib.contextmanager
def server(command, log, is_ready):
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        end = time.monotonic() + START_SECONDS
        while not is_ready():
            assert process.poll() is None, f"{command[0]} ended early:\n{log.read_text()}"
            assert time.monotonic() < end, f"{command[0]} is not ready:\n{log.read_text()}"
            time.sleep(0.01)
        yield
    finally:
        process.terminate()
        process.wait()
