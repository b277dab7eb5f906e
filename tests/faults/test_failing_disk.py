# SPDX-License-Identifier: MIT
"""The disk fails under the running daemon: what it acknowledged stays, what it cannot store it says."""

import errno
import re

import pytest
from scene import Scene, check_accepted_once, check_refusal, submit_with_key

FAILED = r"The disk failed under the database '.*llmspool\.db' .*Input/output error"
FULL = r"There is no space left for the database '.*llmspool\.db': free some"
READ_ONLY = r"The file system of the database '.*llmspool\.db' has become read-only"
UNUSABLE = (r"The state directory '.*' cannot be used \((Input/output error\): look at the kernel's|"
            r"No space left on device\): free some|Read-only file system\): mount)")

TROUBLES = [
    pytest.param("sync", errno.EIO, 500, FAILED, id="sync-fails"),
    pytest.param("write", errno.EIO, 500, FAILED, id="write-fails"),
    pytest.param("write", errno.ENOSPC, 507, FULL, id="no-space"),
    pytest.param("write", errno.EROFS, 500, READ_ONLY, id="read-only"),
]


@pytest.mark.parametrize("call, error, status, sentence", TROUBLES)
def test_nothing_acknowledged_is_lost(failing_disk, make_daemon, call, error, status, sentence):
    daemon = make_daemon(environment=failing_disk.environment).start()
    scene = Scene(daemon)
    failing_disk.fail(call, error)
    for number in range(3):
        check_refusal(submit_with_key(daemon, f"first-{number}"), status, sentence)
    check_refusal(daemon.request("POST", f"/api/jobs/{scene.held}/cancel"), status, sentence)
    daemon.until_logged(f"Job {scene.running} waits for its store: {sentence}")
    scene.check_waiting()

    failing_disk.mend()
    for number in range(3):
        answer = submit_with_key(daemon, f"first-{number}")
        assert answer.status == 201, "nothing of the refused submit was kept"
    scene.check_ends()


@pytest.mark.parametrize("call, error, status, sentence", TROUBLES)
def test_nothing_acknowledged_is_lost_by_a_crash(failing_disk, make_daemon, call, error, status,
                                                 sentence):
    daemon = make_daemon(environment=failing_disk.environment).start()
    scene = Scene(daemon)
    failing_disk.fail(call, error)
    check_refusal(submit_with_key(daemon, "first"), status, sentence)
    daemon.kill()

    ended, said = daemon.fail_to_start()
    assert ended not in (0, 78), "systemd starts it again"
    assert re.search(f"{sentence}|{UNUSABLE}", said), said
    failing_disk.mend()
    daemon.start()
    scene.check_ends(starts=2)
    check_accepted_once(daemon, "first")


@pytest.mark.parametrize("call", ["sync", "write"])
def test_a_checkpoint_that_fails_costs_nothing(failing_disk, make_daemon, call):
    """The log of the database takes what the database file itself does not."""
    daemon = make_daemon(environment=failing_disk.environment).start()
    failing_disk.fail(call, errno.EIO, "llmspool.db")
    prompt = "word " * 20_000
    jobs = [daemon.submit(prompt=prompt, hold=True)["job_id"] for _ in range(90)]
    log = daemon.state / "llmspool.db-wal"
    assert log.stat().st_size > 2 * 1000 * 4096, "it was time for a checkpoint"
    daemon.kill()
    failing_disk.mend()
    daemon.start()
    for job_id in jobs:
        assert daemon.request("POST", f"/api/jobs/{job_id}/release").status == 200
        assert daemon.ended(job_id)["output"] == prompt


def test_a_daemon_that_can_store_nothing_stops_all_the_same(failing_disk, make_daemon):
    daemon = make_daemon(environment=failing_disk.environment).start()
    scene = Scene(daemon)
    failing_disk.fail("sync", errno.EIO)
    daemon.until_logged(f"Job {scene.running} waits for its store: {FAILED}")
    assert daemon.stop() == 0
    daemon.until_logged("Leaving with jobs that have not come to rest: .* the store takes nothing")
    failing_disk.mend()
    daemon.start()
    scene.check_ends(starts=2)
