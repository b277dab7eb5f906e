# SPDX-License-Identifier: MIT
"""The client tool's side of the queue, against the real daemon."""

import json
import subprocess
from datetime import datetime, timedelta, timezone

import pytest

from daemon import BUILD

ONE_AT_A_TIME = "[backends.echo]\nconcurrency = 1\n"
TWO = ONE_AT_A_TIME + "[backends.other]\nplugin = 'echo'\n"


@pytest.fixture
def busy(make_daemon):
    """A daemon whose backend echo is busy with a job, and the job."""
    daemon = make_daemon(config=TWO).start()
    job = daemon.submit(prompt="x", params={"stall_seconds": 600})["job_id"]
    daemon.until(job, lambda now: now["status"] == "processing")
    return daemon, job


def run(daemon, *arguments, code=0, **options):
    done = daemon.client(*arguments, **options)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


def test_priority_and_move(busy):
    daemon, _ = busy
    first, second = (daemon.submit(prompt="x")["job_id"] for _ in range(2))
    run(daemon, "priority", "90", second)
    assert daemon.job(second)["priority"] == 90
    assert daemon.job(second)["queue_position"] == 1 and daemon.job(first)["queue_position"] == 2
    assert "position" in run(daemon, "show", first).stdout
    run(daemon, "move", "other", first)
    assert daemon.ended(first)["backend"] == "other"
    assert "only a job that waits" in run(daemon, "move", "other", first, code=6).stderr
    assert "there is no backend 'nothing'" in run(daemon, "move", "nothing", second, code=6).stderr


def test_submit_tells_the_place(busy):
    daemon, _ = busy
    for place in (1, 2, 3):
        assert f", position {place})" in run(daemon, "submit", "x").stdout


def test_change(busy):
    daemon, _ = busy
    tomorrow = (datetime.now(timezone.utc) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    run(daemon, "submit", "x", "--not-before", tomorrow + "Z", "--label", "a=1", "--label", "b=2")
    job = json.loads(run(daemon, "list", "-n", "1", "--json").stdout)["jobs"][0]
    assert job["not_before"] == tomorrow + ".000Z"
    assert "Its labels: b=3, c=4." in run(daemon, "change", job["job_id"], "--label", "a=", "--label", "b=3",
                                          "--label", "c=4").stdout
    assert daemon.job(job["job_id"])["labels"] == {"b": "3", "c": "4"}
    asked = datetime.now(timezone.utc)
    run(daemon, "change", job["job_id"], "--delay", "3600")
    delay = datetime.fromisoformat(daemon.job(job["job_id"])["not_before"]) - asked
    assert delay > timedelta(seconds=3600, milliseconds=-1)
    assert daemon.job(job["job_id"])["queue_position"] is None
    assert "waits until" in run(daemon, "change", job["job_id"], "--delay", "7200", "--label", "d=5").stdout
    assert "is waiting" in run(daemon, "change", job["job_id"], "--now").stdout
    assert daemon.job(job["job_id"])["labels"] == {"b": "3", "c": "4", "d": "5"}
    daemon.until(job["job_id"], lambda now: now["queue_position"] == 1)
    assert "a year" in run(daemon, "change", job["job_id"], "--not-before", "2099-01-01T00:00:00Z", code=6).stderr


def test_hold_release_and_retry(busy):
    daemon, job = busy
    waits = daemon.submit(prompt="x")["job_id"]
    run(daemon, "hold", waits)
    assert daemon.job(waits)["status"] == "held"
    run(daemon, "cancel", job)
    run(daemon, "release", waits)
    assert daemon.ended(waits)["status"] == "completed"
    run(daemon, "retry", waits)
    assert daemon.ended(waits)["status"] == "completed"
    run(daemon, "delete", waits)
    run(daemon, "show", waits, code=5)


def test_switches(busy):
    daemon, _ = busy
    run(daemon, "pause")
    run(daemon, "reject", "other")
    queue = json.loads(run(daemon, "queue", "--json").stdout)
    assert queue["paused"] and queue["accepting"]
    assert [each["accepting"] for each in queue["backends"] if each["id"] == "other"] == [False]
    assert "paused" in run(daemon, "queue").stdout
    assert "takes no new jobs" in run(daemon, "submit", "x", "--backend", "other", code=6).stderr
    run(daemon, "resume")
    run(daemon, "accept", "other")
    assert not json.loads(run(daemon, "queue", "--json").stdout)["paused"]
    run(daemon, "pause", "nothing", code=5)


def test_a_stopped_backend_is_named_and_resumed(daemon):
    job = daemon.submit(prompt="x", params={"fail": "stop_queue"})["job_id"]
    daemon.until(job, lambda now: now["status"] == "pending" and "stop" in run(daemon, "queue").stdout)
    for command in ("queue", "top"):
        shown = run(daemon, command).stdout
        assert "stopped: " in shown and "; 'llmspool resume echo' lets it go on" in shown
    run(daemon, "pause", "echo")
    assert "paused, stopped: " in run(daemon, "queue").stdout
    with subprocess.Popen([BUILD / "sdk/cli/llmspool", "--socket", daemon.socket, "watch", job],
                          stderr=subprocess.PIPE, text=True) as watch:
        first = next(watch.stderr)
        assert first.startswith(f"Job {job} waits for backend echo: paused, stopped: ")
        run(daemon, "cancel", job)
    assert "ready" in run(daemon, "resume", "echo").stdout


def test_bulk_and_groups(make_daemon, tmp_path):
    daemon = make_daemon().start()
    lines = [{"prompt": f"number {number}"} for number in range(20)]
    lines[7] = {"prompt": "x", "params": {"fail": "failed"}}
    file = tmp_path / "jobs.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines) + "nonsense\n")
    done = run(daemon, "bulk", file, "--group", "spring", code=6)
    assert "20 jobs were accepted" in done.stdout and "21" in done.stderr
    run(daemon, "group", "watch", "spring", code=1)
    assert "spring" in run(daemon, "group", "list").stdout
    shown = json.loads(run(daemon, "group", "show", "spring", "--json").stdout)
    assert shown["jobs"]["completed"] == 19 and shown["jobs"]["failed"] == 1
    results = tmp_path / "results.ndjson"
    run(daemon, "group", "results", "spring", "--output", results)
    outputs = [json.loads(line)["output"] for line in results.read_text().splitlines()]
    assert outputs == [line["prompt"] if number != 7 else None for number, line in enumerate(lines)]
    run(daemon, "group", "cancel", "spring")
    run(daemon, "group", "show", "winter", code=5)
    assert "spring" in run(daemon, "list", "--group", "spring", "--json").stdout


def test_a_bulk_upload_that_is_repeated_says_so(daemon):
    upload = ("bulk", "-", "--idempotency-key", "k")
    assert "2 jobs were accepted, 0" in run(daemon, *upload, text='{"prompt":"a"}\n{"prompt":"b"}\n').stdout
    again = run(daemon, *upload, text='{"prompt":"a"}\n{"prompt":"b"}\n{"prompt":"c"}\n').stdout
    assert "3 jobs were accepted, of which 2 had been submitted before, 0 lines refused." in again


def test_top_without_a_terminal_prints_how_it_is(busy):
    daemon, job = busy
    daemon.submit(prompt="x")
    shown = run(daemon, "top").stdout
    assert "echo" in shown and job in shown


def test_backup(daemon, make_daemon, tmp_path):
    job = daemon.run(prompt="keep me")["job_id"]
    file = tmp_path / "backup.db"
    run(daemon, "admin", "backup", file)
    assert file.stat().st_mode & 0o777 == 0o600
    run(daemon, "admin", "backup", file, code=2)
    run(daemon, "admin", "backup", file, "--force")
    other = make_daemon("other")
    other.state.mkdir(mode=0o700)
    file.rename(other.state / "llmspool.db")
    assert other.start().job(job)["output"] == "keep me"
    assert "is a directory" in run(daemon, "admin", "backup", tmp_path, "--force", code=2).stderr


def test_what_is_no_file_is_written_to(daemon, tmp_path):
    daemon.run(prompt="x", group="g")
    for name in ("-", "/dev/stdout"):
        done = subprocess.run([BUILD / "sdk/cli/llmspool", "--socket", daemon.socket, "admin", "backup", name,
                               "--force"], capture_output=True, check=True, cwd=tmp_path)
        assert done.stdout.startswith(b"SQLite format 3") and done.stderr == b""
        assert json.loads(run(daemon, "group", "results", "g", "--output", name).stdout)["output"] == "x"
        assert run(daemon, "get", "1", "answer.txt", "--output", name).stdout == "x"
    assert not (tmp_path / "-").exists()


def test_submit_with_all_that_the_queue_knows(busy):
    daemon, _ = busy
    run(daemon, "submit", "x", "--group", "g", "--supersede", "draft", "--first-token-timeout", "5",
        "--token-timeout", "6", "--step-timeout", "7")
    job = daemon.get("/api/jobs?group=g").json()["jobs"][0]
    assert job["supersede"] == "draft"
    run(daemon, "submit", "y", "--supersede", "draft")
    assert daemon.job(job["job_id"])["status"] == "cancelled"
