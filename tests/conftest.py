# SPDX-License-Identifier: MIT
"""What the tests of the running daemon share."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))

from daemon import Daemon  # noqa: E402


@pytest.fixture
def make_daemon(tmp_path):
    """Daemons with their state below the test's own folder; none outlives the test."""
    made = []

    def make(name="state", **options):
        made.append(Daemon(tmp_path, name, **options))
        return made[-1]

    yield make
    for each in made:
        each.kill()


@pytest.fixture
def daemon(make_daemon):
    return make_daemon().start()
