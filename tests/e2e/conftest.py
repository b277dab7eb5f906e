# SPDX-License-Identifier: MIT
"""A booted systemd with llmspool installed in it, shared by the tests of this directory."""

import os
import pathlib
import subprocess
import time

import pytest

HERE = pathlib.Path(__file__).parent
SOURCE = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("LLMSPOOL_BUILD_DIR", SOURCE / "build/dev"))


class Container:
    """Runs commands inside. `leader` is the process id of its PID 1."""

    def __init__(self, leader):
        self.enter = ["nsenter", "-t", leader, "-m", "-u", "-i", "-n", "-p", "-C", "--"]

    def run(self, *command, user=None, check=True, text=None, timeout=60):
        if user:
            command = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *command)
        done = subprocess.run([*self.enter, *command], input=text, capture_output=True, text=True,
                              timeout=timeout, env={**os.environ, "HOME": "/", "LANG": "C.UTF-8"})
        if check and done.returncode != 0:
            pytest.fail(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}"
                        f"\n{self.journal()}", pytrace=True)
        return done

    def out(self, *command, **options):
        return self.run(*command, **options).stdout.strip()

    def show(self, key, unit="llmspoold.service"):
        return self.out("systemctl", "show", "-P", key, unit)

    def write(self, path, text):
        self.run("mkdir", "-p", str(pathlib.PurePath(path).parent))
        self.run("tee", path, text=text)

    def wait_until(self, what, condition, seconds=30):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                pytest.fail(f"not within {seconds} s: {what}\n{self.journal()}")
            time.sleep(0.1)

    def journal(self):
        done = subprocess.run([*self.enter, "journalctl", "--no-pager", "-n", "80", "-u", "llmspoold*"],
                              capture_output=True, text=True)
        return f"--- journal\n{done.stdout}"


@pytest.fixture(scope="session")
def container(tmp_path_factory):
    # Its name becomes the machine's, so no path that pytest makes up.
    directory = tmp_path_factory.mktemp("llmspool-e2e", numbered=False)
    subprocess.run(["cmake", "--install", BUILD], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DESTDIR": str(directory / "root")})
    models = directory / "root/var/lib/llmspool/models"
    models.mkdir(parents=True)
    (models / "tiny-cv.gguf").write_bytes(
        (SOURCE / "tests/fixtures/tiny-cv/tiny-cv.gguf").read_bytes())

    boot = subprocess.Popen([HERE / "systemd_container.sh", directory], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    leader = boot.stdout.readline().strip()
    if not leader:
        reason = boot.communicate()[1].strip()
        if boot.returncode == 77:
            pytest.skip(reason)
        pytest.fail(reason)
    try:
        inside = Container(leader)
        for user in ("alice", "bob"):
            inside.run("useradd", "--user-group", user)
        inside.run("usermod", "-aG", "llmspool", "alice")
        inside.run("journalctl", "--update-catalog")  # users and directories systemd made at boot
        yield inside
    finally:
        boot.stdin.close()
        boot.wait(timeout=60)


@pytest.fixture
def service(container):
    """The container with both units running as installed; a test may stop and change them."""
    container.run("systemctl", "reset-failed", check=False)
    container.run("systemctl", "start", "llmspoold.socket", "llmspoold.service")
    yield container
    container.run("systemctl", "revert", "llmspoold.service", check=False)
    container.run("systemctl", "stop", "llmspoold.service", "llmspoold.socket")
