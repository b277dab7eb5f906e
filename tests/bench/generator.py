# SPDX-License-Identifier: MIT
"""The load generator, which does what Python is too slow for."""

import json
import os
import pathlib
import subprocess

PROGRAM = pathlib.Path(os.environ["LLMSPOOL_BUILD_DIR"]) / "tests/bench/load/llmspool_load"


def run(*arguments):
    command = [PROGRAM, *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
