# SPDX-License-Identifier: MIT
"""A real daemon on a temporary socket, and a small client for it."""

import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LLMSPOOL_BUILD_DIR", SOURCE / "build/dev"))
FIXTURES = SOURCE / "tests/fixtures"
START_SECONDS = 30  # a sanitizer's start on a busy machine
ENDED = {"completed", "failed", "cancelled"}


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


def toml(tables):
    """Tables of texts, numbers and lists of them, the last one open for what follows."""
    return "".join(f"[{table}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
                   for table, keys in tables.items())


class Daemon:
    """`settings` are keys by table, `config` is TOML that goes on in [queue]; both are added to what every
    test needs."""

    def __init__(self, directory, name="state", config="", plugins=None, environment=None,
                 default_backend="echo", settings=None):
        self.directory = pathlib.Path(directory)
        self.state = self.directory / name
        self.socket = self.directory / f"{name}.sock"
        self.log_file = self.directory / f"{name}.log"
        self.log_file.touch()
        self.config_file = self.directory / f"{name}.toml"
        self.environment = environment or {}
        self.process = None
        tables = {
            "server": {"socket": str(self.socket), "listen": ["127.0.0.1:0"]},
            "state": {"directory": str(self.state), "free_bytes_min": 0},
            "plugins": {"directories": [str(path) for path in plugins or [BUILD / "plugins"]]},
            "pipelines": {"directories": [str(SOURCE / "etc/pipelines")]},
            "queue": {"stop_grace_seconds": 1, "default_backend": default_backend}}
        for table, keys in (settings or {}).items():
            tables[table].update(keys)
        self.config_file.write_text(toml(tables) + config)

    def spawn(self):
        """Starts the process; says nothing of whether it is ready."""
        notify_path = self.directory / "notify.sock"
        notify_path.unlink(missing_ok=True)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(notify_path))
        self.notify.settimeout(0.05)
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [BUILD / "daemon/llmspoold", "--config", self.config_file], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": str(notify_path), **self.environment})
        return self

    def start(self):
        self.spawn()
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                if b"READY=1" in self.notify.recv(4096):
                    self.notify.close()  # nobody reads on, and a full socket would stop the daemon
                    return self
            except socket.timeout:
                pass
            assert self.process.poll() is None, f"the daemon ended early:\n{self.log()}"
            assert time.monotonic() < end, f"the daemon is not ready:\n{self.log()}"

    def fail_to_start(self):
        """The exit status of a start that comes to nothing, and what it said."""
        before = len(self.log())
        return self.spawn().wait(), self.log()[before:]

    def log(self):
        return self.log_file.read_text(errors="replace")

    def until_logged(self, pattern, seconds=30):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.log()):
            assert time.monotonic() < end, f"the log has no '{pattern}':\n{self.log()}"
            time.sleep(0.02)

    def tcp_port(self):
        return int(re.findall(r"http://127\.0\.0\.1:(\d+)", self.log())[-1])

    def kill(self):
        """As if the power had gone."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.wait()

    def stop(self):
        """As systemd stops it; gives the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, seconds=30):
        return self.process.wait(seconds) if self.process else None

    # Requests
    def request(self, method, path, body=None, headers=None, timeout=30):
        connection = UnixConnection(self.socket, timeout)
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def submit(self, **job):
        answer = self.request("POST", "/api/jobs", job)
        assert answer.status == 201, answer.body
        return answer.json()

    def job(self, job_id):
        return self.get(f"/api/jobs/{job_id}").json()

    def run(self, **job):
        """Submits a job and gives it as it ended."""
        return self.ended(self.submit(**job)["job_id"])

    def ended(self, job_id, seconds=60):
        return self.until(job_id, lambda job: job["status"] in ENDED, seconds)

    def until(self, job_id, condition, seconds=60):
        """The job as soon as `condition` holds; waits for its events, not for time."""
        end = time.monotonic() + seconds
        while True:
            job = self.job(job_id)
            if condition(job):
                return job
            assert time.monotonic() < end, f"the job is still {job}\n{self.log()}"
            self.get(f"/api/jobs/{job_id}/events?after={job['seq']}&wait=2")

    def events(self, job_id):
        events, after = [], 0
        while True:
            page = self.get(f"/api/jobs/{job_id}/events?after={after}").json()
            if not page["events"]:
                return events
            events += page["events"]
            after = events[-1]["seq"]

    # The client tool
    def client(self, *arguments, text="", timeout=60, **options):
        return subprocess.run(
            [BUILD / "sdk/cli/llmspool", "--socket", self.socket, *map(str, arguments)],
            input=text, capture_output=True, text=True, timeout=timeout, **options)
