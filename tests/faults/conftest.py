# SPDX-License-Identifier: MIT
"""Disks that fail, that are small, and that can be mounted read-only."""

import os
import pathlib
import subprocess

import pytest

from disks import FailingDisk, Image, MountRefused, Tmpfs

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="session")
def failing_disk_library(tmp_path_factory):
    library = tmp_path_factory.mktemp("failing_disk") / "failing_disk.so"
    subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library,
                    HERE / "failing_disk.c", "-ldl"], check=True)
    return library


@pytest.fixture
def failing_disk(failing_disk_library, tmp_path):
    return FailingDisk(failing_disk_library, tmp_path)


@pytest.fixture(params=[Tmpfs, Image], ids=["tmpfs", "ext4"])
def small_disk(request, tmp_path):
    yield from mounted(request.param, tmp_path)


@pytest.fixture
def breakable_disk(tmp_path):
    for disk in mounted(Image, tmp_path):
        if not os.access(disk.trigger(), os.W_OK):
            pytest.skip("the kernel cannot be told here that an ext4 file system has an error")
        yield disk


def mounted(kind, tmp_path):
    """A disk in the place where a daemon of make_daemon has its state."""
    try:
        disk = kind(tmp_path)
    except MountRefused as refused:
        pytest.skip(f"a file system cannot be mounted here: {refused}")
    try:
        yield disk
    finally:
        disk.unmount()
