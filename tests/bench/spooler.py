# SPDX-License-Identifier: MIT
"""The daemon as the benchmarks load it: 64 clients on its Unix socket, 50 jobs at once."""

import contextlib
import json

import generator
from daemon import Daemon

CONNECTIONS = 64
# Goes on where every test daemon's configuration ends: in [queue].
CONFIG = """
waiting_max = 2000000
owner_waiting_max = 2000000
[log]
level = "warning"
[backends.echo]
concurrency = 50
[backends.parked]
plugin = "echo"
concurrency = 50
"""
RUNNING = json.dumps({"prompt": "x"})
HELD = json.dumps({"prompt": "x", "hold": True})
PARKED = json.dumps({"prompt": "x", "backend": "parked"})


class Spooler(Daemon):
    def __init__(self, directory, name):
        super().__init__(directory, name, config=CONFIG)

    def _load(self, command, *arguments):
        return generator.run(command, self.socket, *arguments)

    def submits(self, jobs):
        return self._load("submit", "/api/jobs", HELD, CONNECTIONS, jobs)["per_second"]

    def submit_ms(self, times):
        return self._load("submit", "/api/jobs", HELD, 1, times)["p50_ms"]

    def bulk(self, line, jobs):
        return self._load("bulk", line, jobs)["per_second"]

    def complete(self, jobs):
        return self._load("complete", RUNNING, CONNECTIONS, jobs)["per_second"]

    def round_trip_ms(self, times):
        return self._load("submit", "/api/jobs?wait=10", RUNNING, 1, times)["p50_ms"]

    def pause(self, backend):
        answer = self.request("POST", f"/api/queue/pause?backend={backend}")
        assert answer.status == 200, answer.body

    def waiting(self, backend):
        lines = self.get("/api/queue").json()["backends"]
        return next(line["waiting"] for line in lines if line["id"] == backend)

    def drain(self, backend, jobs):
        """Completed jobs a second of a paused backend, which is let go until that many are done."""
        return self._load("drain", backend, jobs)["per_second"]


@contextlib.contextmanager
def running(directory, name):
    spooler = Spooler(directory, name).start()
    try:
        yield spooler
    finally:
        spooler.stop()
