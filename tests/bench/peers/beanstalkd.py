# SPDX-License-Identifier: MIT
"""beanstalkd with a log that it syncs at every job."""

import contextlib
import socket

import generator
from peers.process import server


class Beanstalkd:
    def __init__(self, port):
        self.port = port

    def submits(self, jobs, connections):
        return generator.run("put", self.port, "x", connections, jobs)["per_second"]


def free_port():
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


@contextlib.contextmanager
def start(directory):
    directory.mkdir()
    port = free_port()

    def is_ready():
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    command = ["beanstalkd", "-l", "127.0.0.1", "-p", str(port), "-b", directory, "-f0"]
    with server(command, directory / "log", is_ready):
        yield Beanstalkd(port)
