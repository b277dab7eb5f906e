# SPDX-License-Identifier: MIT
"""A table of PostgreSQL as a queue: workers take jobs with FOR UPDATE SKIP LOCKED."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess

from peers.process import server

SQL = pathlib.Path(__file__).parent / "sql"
# Where Debian has the newest version.
BIN = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
# PostgreSQL refuses to run as root.
AS_USER = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
CLIENTS = 64


class Postgres:
    def __init__(self, directory):
        self.environment = {**os.environ, "PGHOST": str(directory), "PGUSER": "postgres",
                            "PGDATABASE": "postgres"}

    def _run(self, *command):
        return subprocess.run(command, env=self.environment, check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout

    def _query(self, *arguments):
        return self._run(BIN / "psql", "--no-psqlrc", "-qAt", *arguments)

    def is_ready(self):
        return subprocess.run([BIN / "pg_isready", "-q"], env=self.environment).returncode == 0

    def make_table(self):
        self._query("-f", SQL / "schema.sql")

    def _per_second(self, script, jobs):
        self._query("-c", "TRUNCATE jobs")
        output = self._run(BIN / "pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS),
                           "-t", str(jobs // CLIENTS), "-f", SQL / f"{script}.sql")
        return float(re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)[1])

    def submits(self, jobs):
        return self._per_second("submit", jobs)

    def complete(self, jobs):
        """A worker that finds all waiting rows locked leaves a job behind, which does not count."""
        per_second = self._per_second("complete", jobs)
        share = "SELECT avg((status = 'completed')::int) FROM jobs"
        return per_second * float(self._query("-c", share))


@contextlib.contextmanager
def start(directory):
    """As Debian has it: fsync and synchronous_commit are on."""
    directory.mkdir()
    if AS_USER:
        shutil.chown(directory, "postgres", "postgres")
    data = directory / "data"
    subprocess.run([*AS_USER, BIN / "initdb", "-D", data, "-U", "postgres", "-A", "trust"],
                   cwd="/", check=True, stdout=subprocess.DEVNULL)
    postgres = Postgres(directory)
    command = [*AS_USER, BIN / "postgres", "-D", data, "-k", directory,
               "-c", "listen_addresses=", "-c", "max_connections=200"]
    with server(command, directory / "log", postgres.is_ready):
        postgres.make_table()
        yield postgres
