# SPDX-License-Identifier: MIT
"""The load generator, which does what Python is too slow for."""

import json
import os
import pathlib
import subprocess

PROGRAM = pathlib.Path(os.environ["LLMSPOOL_BUILD_DIR"]) / "tests/bench/load/llmspool_load"


def run(*arguments):
    output = subprocess.run([PROGRAM, *map(str, arguments)], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(output)
