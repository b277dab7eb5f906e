# SPDX-License-Identifier: MIT
"""`llmspool top` on a terminal, against the real daemon."""

import contextlib
import os
import pty
import select
import subprocess
import termios
import time

from daemon import BUILD


class Window:
    """What `top` draws on a terminal of so many rows."""

    def __init__(self, daemon, rows):
        self.terminal, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (rows, 100))
        self.process = subprocess.Popen([BUILD / "sdk/cli/llmspool", "--socket", daemon.socket, "top"], stdin=terminal,
                                        stdout=terminal, env={"TERM": "xterm", "NO_COLOR": "1"})
        os.close(terminal)
        self.drawn = ""

    def press(self, keys):
        os.write(self.terminal, keys.encode())

    def until(self, condition):
        """The first screen drawn from now on for which it holds."""
        screen, deadline = "", time.monotonic() + 30
        while time.monotonic() < deadline:
            while "\x1b[J" in self.drawn:
                screen, self.drawn = self.drawn.split("\x1b[J", 1)
                if condition(screen):
                    return screen
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.drawn += os.read(self.terminal, 65536).decode()
        raise AssertionError("it never came; the newest:\n" + screen)


@contextlib.contextmanager
def top(daemon, rows=24):
    window = Window(daemon, rows)
    try:
        yield window
    finally:
        window.process.kill()
        window.process.wait()
        os.close(window.terminal)


def test_no_key_changes_a_job_that_is_not_shown(daemon):
    job = daemon.submit(prompt="x", hold=True)["job_id"]
    with top(daemon, rows=3) as window:
        window.press("jc")
        window.until(lambda screen: "The window is too low to show a job." in screen)
    assert daemon.job(job)["status"] == "held"


def test_a_page_is_what_is_shown(daemon):
    jobs = [daemon.submit(prompt="x", hold=True)["job_id"] for _ in range(9)][::-1]
    with top(daemon, rows=14) as window:
        rows = window.until(lambda screen: " more" in screen).count("Held until released")
        assert 1 < rows < 9
        window.press("j\x1b[6~c")
        window.until(lambda screen: f"Job {jobs[rows]} was cancelled." in screen)


def test_what_a_key_did_is_not_told_again_after_a_reconnect(daemon):
    daemon.submit(prompt="x", hold=True)
    with top(daemon) as window:
        window.press("c")
        window.until(lambda screen: "Select a job first." in screen)
        daemon.kill()
        window.until(lambda screen: "not reachable" in screen)
        daemon.start()
        assert "Select a job first." not in window.until(lambda screen: "not reachable" not in screen)
