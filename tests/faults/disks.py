# SPDX-License-Identifier: MIT
"""Disks under a daemon's state directory: one that fails as told, and small ones that are mounted."""

import errno
import os
import pathlib
import shutil
import subprocess


class FailingDisk:
    """Fails under the daemon that is started with `environment`: see failing_disk.c."""

    def __init__(self, library, directory):
        self.order = directory / "order"
        self.environment = {"LD_PRELOAD": str(library), "FAILING_DISK_ORDER": str(self.order),
                            "FAILING_DISK_DIRECTORY": str(directory / "state")}

    def fail(self, call, error, suffix=""):
        """`call` is "sync" or "write", `error` a number of errno; on files that end in `suffix`."""
        ordered = self.order.with_suffix(".new")
        ordered.write_text(f"{call} {error} {suffix}")
        ordered.rename(self.order)

    def mend(self):
        self.order.unlink()


class MountRefused(Exception):
    """This machine or container lets nobody mount; says why."""


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MountRefused((done.stderr or command[0]).splitlines()[0])


class Disk:
    """A file system of its own, at the state directory."""

    def __init__(self, tmp_path):
        self.directory = tmp_path / "state"
        self.directory.mkdir()
        self.ballast = self.directory / "ballast"

    def fill(self):
        """Leaves not a byte."""
        with open(self.ballast, "ab", buffering=0) as ballast:
            for size in (1 << 20, 1 << 12, 1):
                while self.write(ballast, bytes(size)):
                    pass

    @staticmethod
    def write(file, data):
        try:
            file.write(data)
            os.fsync(file.fileno())
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
            return False
        return True

    def free(self):
        self.ballast.unlink()

    def remount(self, how):
        run("mount", "-o", f"remount,{how}", self.directory)

    def unmount(self):
        run("umount", self.directory)


class Tmpfs(Disk):
    def __init__(self, tmp_path):
        super().__init__(tmp_path)
        run("mount", "-t", "tmpfs", "-o", "size=8M,mode=700", "tmpfs", self.directory)


class Image(Disk):
    """An ext4 file system in a file."""

    def __init__(self, tmp_path):
        super().__init__(tmp_path)
        if not shutil.which("mkfs.ext4"):
            raise MountRefused("there is no mkfs.ext4")
        self.file = tmp_path / "disk.img"
        run("mkfs.ext4", "-q", "-b", "4096", "-m", "0", self.file, "16M")
        self.mount()

    def mount(self):
        run("mount", "-o", "loop,errors=remount-ro", self.file, self.directory)

    def trigger(self):
        device = os.stat(self.directory).st_dev
        name = pathlib.Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
        return pathlib.Path(f"/sys/fs/ext4/{name}/trigger_fs_error")

    def break_down(self):
        """The kernel finds an error in it and makes it read-only, under those who write to it."""
        self.trigger().write_text("1")

    def repair(self):
        """As an administrator does it: the daemon is not running."""
        self.unmount()
        repaired = subprocess.run(["e2fsck", "-p", self.file], capture_output=True, text=True, check=False)
        assert repaired.returncode in (0, 1), repaired.stdout  # 1: errors were corrected
        self.mount()
