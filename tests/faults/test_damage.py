# SPDX-License-Identifier: MIT
"""The database's files are damaged while the daemon is not running."""

import os
import random
import re
import sqlite3

import pytest

PAGE_BYTES = 4096
DAMAGED = r"The database '.*llmspool\.db' is damaged \(.*\): restore it from a backup"


def overwrite(file, at, data):
    with open(file, "r+b") as opened:
        opened.seek(at)
        opened.write(data)


def cut_off(file, at):
    os.truncate(file, at)


def flip(file, at):
    with open(file, "r+b") as opened:
        opened.seek(at)
        bits = opened.read(1)[0]
    overwrite(file, at, bytes([bits ^ 0xFF]))


def blank(file, at):
    """What a file system may leave of blocks that it had not written yet."""
    overwrite(file, at, bytes(file.stat().st_size - at))


def release(daemon, jobs):
    for job_id in jobs:
        assert daemon.request("POST", f"/api/jobs/{job_id}/release").status == 200


# The log at the end of a life: what follows the damage is gone, what comes before it is not.

@pytest.mark.parametrize("damage", [cut_off, flip, blank])
def test_a_damaged_end_of_the_log_takes_nothing_from_before_it(make_daemon, damage):
    daemon = make_daemon().start()
    log = daemon.state / "llmspool.db-wal"
    ends = {}  # of each job in the log
    for number in range(12):
        job_id = daemon.submit(prompt=f"job {number}", hold=True)["job_id"]
        ends[job_id] = log.stat().st_size
    daemon.kill()
    before, after = sorted(ends.values())[7:9]
    damage(log, (before + after) // 2)

    daemon.start()
    for number, (job_id, end) in enumerate(ends.items()):
        assert daemon.get(f"/api/jobs/{job_id}").status == (200 if end <= before else 404)
        if end <= before:
            release(daemon, [job_id])
            assert daemon.ended(job_id)["output"] == f"job {number}"
    assert daemon.run(prompt="new")["output"] == "new"


@pytest.mark.parametrize("tail", ["noise", "repeated"])
def test_rubbish_at_the_end_of_the_log_is_passed_over(make_daemon, tail):
    daemon = make_daemon().start()
    jobs = [daemon.submit(prompt="held", hold=True)["job_id"] for _ in range(5)]
    log = daemon.state / "llmspool.db-wal"
    daemon.kill()
    size = log.stat().st_size
    frames = log.read_bytes()[32:] if tail == "repeated" else random.Random(1).randbytes(3 * PAGE_BYTES)
    with open(log, "ab") as opened:
        opened.write(frames)
    assert log.stat().st_size > size

    daemon.start()
    release(daemon, jobs)
    assert [daemon.ended(job_id)["output"] for job_id in jobs] == ["held"] * 5


# The database file.

def pages_of_table(database, name):
    connection = sqlite3.connect(database)
    try:
        return [page for page, in connection.execute("SELECT pageno FROM dbstat WHERE name = ?", [name])]
    finally:
        connection.close()


def pages_with_only(database, text, others):
    """Those that hold a piece of `text` and nothing of the others."""
    content = database.read_bytes()
    pages = [content[at:at + PAGE_BYTES] for at in range(0, len(content), PAGE_BYTES)]
    return [number for number, page in enumerate(pages, 1)
            if text.encode() in page and not any(other.encode() in page for other in others)]


def spoil(database, pages):
    assert pages
    for page in pages:
        overwrite(database, (page - 1) * PAGE_BYTES, b"\xff" * PAGE_BYTES)


PROMPTS = [f"job-{number} " * PAGE_BYTES for number in range(5)]  # of several pages each


@pytest.fixture
def stopped(make_daemon):
    """A daemon with a held job for each prompt, its database, and the jobs; the log is empty."""
    daemon = make_daemon().start()
    jobs = [daemon.submit(prompt=prompt, hold=True)["job_id"] for prompt in PROMPTS]
    assert daemon.stop() == 0
    database = daemon.state / "llmspool.db"
    assert [each.name for each in daemon.state.glob("llmspool.db*")] == [database.name]
    return daemon, database, jobs


def check_start_names_the_damage(daemon):
    status, said = daemon.fail_to_start()
    assert status > 0 and status != 78 and re.search(DAMAGED, said), (status, said)


def test_a_database_that_is_none(stopped):
    daemon, database, _ = stopped
    overwrite(database, 0, b"something else altogether")
    check_start_names_the_damage(daemon)


def test_a_database_that_was_cut_in_half(stopped):
    daemon, database, _ = stopped
    cut_off(database, database.stat().st_size // 2)
    check_start_names_the_damage(daemon)


def test_a_database_of_which_only_the_first_page_is_left(stopped):
    daemon, database, _ = stopped
    spoil(database, range(2, database.stat().st_size // PAGE_BYTES + 1))
    check_start_names_the_damage(daemon)


def test_a_backup_in_the_place_of_a_damaged_database(stopped):
    daemon, database, jobs = stopped
    backup = database.read_bytes()
    spoil(database, [1])
    check_start_names_the_damage(daemon)
    database.write_bytes(backup)
    daemon.start()
    release(daemon, jobs)
    assert [daemon.ended(job_id)["output"] for job_id in jobs] == PROMPTS


def test_a_spoiled_request_fails_its_job_and_no_other(stopped):
    daemon, database, jobs = stopped
    victim = jobs.pop(2)
    spoil(database, pages_with_only(database, "job-2 ", ["job-0 ", "job-1 ", "job-3 ", "job-4 "]))
    daemon.start()
    release(daemon, [victim])
    ended = daemon.ended(victim)
    assert ended["status"] == "failed" and re.search(DAMAGED, ended["error"]), ended
    daemon.until_logged(f"Job {victim} failed: {DAMAGED}")
    release(daemon, jobs)
    assert [daemon.ended(job_id)["output"] for job_id in jobs] == PROMPTS[:2] + PROMPTS[3:]


def test_spoiled_events_are_refused_and_the_rest_goes_on(stopped):
    daemon, database, jobs = stopped
    spoil(database, pages_of_table(database, "events"))
    daemon.start()
    refused = daemon.get(f"/api/jobs/{jobs[0]}/events")
    assert refused.status == 500 and re.search(DAMAGED, refused.json()["detail"])
    assert daemon.job(jobs[0])["status"] == "held"
    assert daemon.get("/api/health").status == 200
    daemon.until_logged(DAMAGED)
