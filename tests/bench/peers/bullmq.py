# SPDX-License-Identifier: MIT
"""BullMQ on a Redis that syncs its log before it answers."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess

from peers.process import server

SOURCE = pathlib.Path(__file__).parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
INSTALLED = CACHE / "llmspool/bench-peers"


def install():
    """Fetches what package-lock.json names, unless it is there already."""
    lock, done = SOURCE / "package-lock.json", INSTALLED / "installed.json"
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "bullmq.mjs"):
        shutil.copy(SOURCE / name, INSTALLED)
    if done.exists() and done.read_bytes() == lock.read_bytes():
        return
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                   cwd=INSTALLED, check=True)
    shutil.copy(lock, done)


class BullMq:
    def __init__(self, path):
        self.path = path

    def _run(self, command, *numbers):
        output = subprocess.run(["node", "bullmq.mjs", self.path, command, *map(str, numbers)],
                                cwd=INSTALLED, check=True, stdout=subprocess.PIPE).stdout
        return json.loads(output)

    def submits(self, jobs):
        """Jobs a second: over one connection or over 64, whichever is faster."""
        return max(self._run("add", jobs, 1)["per_second"],
                   self._run("add", jobs // 4, 64)["per_second"])

    def bulk(self, jobs):
        return self._run("bulk", jobs)["per_second"]

    def complete(self, jobs):
        return self._run("complete", jobs)["per_second"]

    def round_trip_ms(self, times):
        return self._run("roundTrip", times)["p50_ms"]


@contextlib.contextmanager
def start(directory):
    """Without snapshots and rewrites of the log, which would only take time from it."""
    install()
    directory.mkdir()
    path = directory / "redis.sock"

    def is_ready():
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(path)) == 0

    command = ["redis-server", "--port", "0", "--unixsocket", path, "--dir", directory,
               "--appendonly", "yes", "--appendfsync", "always",
               "--save", "", "--auto-aof-rewrite-percentage", "0"]
    with server(command, directory / "log", is_ready):
        yield BullMq(path)
