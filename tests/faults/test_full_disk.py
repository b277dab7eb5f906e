# SPDX-License-Identifier: MIT
"""The disk runs full: submits are refused, running jobs wait, and all go on when there is space."""

import itertools
import re
import threading

from scene import Scene, check_accepted_once, check_refusal, submit_with_key

FULL = r"There is no space left for the database '.*llmspool\.db': free some"
UNUSABLE = r"The state directory '.*' cannot be used \(No space left on device\): free some"


def fill_under_load(disk, scene):
    """Another program fills the disk while jobs are submitted; gives those that were accepted, and
    the last submit, which was not."""
    other = threading.Thread(target=disk.fill)
    other.start()
    accepted, answer = [], None
    while other.is_alive() or answer is None or answer.status == 201:
        submit = {"key": f"follower-{len(accepted)}", "after": [scene.running]}
        answer = submit_with_key(scene.daemon, **submit)
        if answer.status == 201:
            accepted.append(answer.json()["job_id"])
        else:
            check_refusal(answer, 507, FULL)
    for number in itertools.count():  # into the last gap: what a refused submit left of the log
        changed = scene.daemon.request("PATCH", f"/api/jobs/{scene.held}", {"priority": number % 2})
        if changed.status != 200:
            check_refusal(changed, 507, FULL)
            return accepted, submit


def test_all_goes_on_when_there_is_space(small_disk, make_daemon):
    daemon = make_daemon().start()
    scene = Scene(daemon)
    accepted, refused = fill_under_load(small_disk, scene)
    daemon.until_logged(f"Job {scene.running} waits for its store: {FULL}")
    scene.check_waiting(accepted)

    small_disk.free()
    scene.check_ends()
    for job_id in accepted:
        assert daemon.ended(job_id)["status"] == "completed"
    check_accepted_once(daemon, **refused)


def test_nothing_acknowledged_is_lost_by_a_crash(small_disk, make_daemon):
    daemon = make_daemon().start()
    scene = Scene(daemon)
    accepted, refused = fill_under_load(small_disk, scene)
    daemon.until_logged(f"Job {scene.running} waits for its store: {FULL}")
    daemon.kill()

    small_disk.fill()
    status, said = daemon.fail_to_start()
    assert status not in (0, 78), "systemd starts it again"
    assert re.search(f"{FULL}|{UNUSABLE}", said), said
    small_disk.free()
    daemon.start()
    scene.check_ends(starts=2)
    for job_id in accepted:
        assert daemon.ended(job_id)["status"] == "completed"
    check_accepted_once(daemon, **refused)


def test_a_first_start_on_a_full_disk(small_disk, make_daemon):
    small_disk.fill()
    daemon = make_daemon()
    status, said = daemon.fail_to_start()
    assert status not in (0, 78), "systemd starts it again"
    assert re.search(f"{FULL}|{UNUSABLE}", said), said
    small_disk.free()
    assert daemon.start().run(prompt="hello")["output"] == "hello"
