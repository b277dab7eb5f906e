# SPDX-License-Identifier: MIT
"""The file system of the state directory is or becomes read-only."""

import re

from scene import Scene, check_accepted_once, check_refusal, submit_with_key

BECOME = r"The file system of the database '.*llmspool\.db' has become read-only: look at the kernel's"
UNUSABLE = r"The state directory '.*' cannot be used \(Read-only file system\): mount its file system"


def test_the_kernel_makes_it_read_only_under_the_daemon(breakable_disk, make_daemon):
    daemon = make_daemon().start()
    scene = Scene(daemon)
    breakable_disk.break_down()
    check_refusal(submit_with_key(daemon, "refused"), 500, BECOME)
    daemon.until_logged(f"Job {scene.running} waits for its store: {BECOME}")
    scene.check_waiting()
    daemon.kill()

    status, said = daemon.fail_to_start()
    assert status not in (0, 78) and re.search(UNUSABLE, said), (status, said)
    breakable_disk.repair()
    daemon.start()
    scene.check_ends(starts=2)
    check_accepted_once(daemon, "refused")


def test_a_start_on_a_read_only_file_system(small_disk, make_daemon):
    daemon = make_daemon().start()
    scene = Scene(daemon)
    daemon.kill()
    small_disk.remount("ro")
    status, said = daemon.fail_to_start()
    assert status not in (0, 78) and re.search(UNUSABLE, said), (status, said)

    small_disk.remount("rw")
    daemon.start()
    scene.check_ends(starts=2)
