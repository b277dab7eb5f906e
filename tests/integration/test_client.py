# SPDX-License-Identifier: MIT
"""The client tool against the real daemon."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time

from daemon import BUILD, FIXTURES


def test_submit_and_watch_a_prompt(daemon):
    done = daemon.client("submit", "--watch", "hello there world")
    assert done.returncode == 0, done.stderr
    assert "hello there world" in done.stdout


def test_a_prompt_from_standard_input(daemon):
    job = json.loads(daemon.client("--json", "submit", text="from a pipe").stdout)
    assert daemon.ended(job["job_id"])["output"] == "from a pipe"


def test_a_prompt_from_a_file(daemon, tmp_path):
    (tmp_path / "prompt.txt").write_text("from a file")
    job = json.loads(daemon.client("--json", "submit", "--file", tmp_path / "prompt.txt").stdout)
    assert daemon.ended(job["job_id"])["output"] == "from a file"


def test_a_pipeline_with_files(daemon, tmp_path):
    inputs = [f"cv=@{FIXTURES / 'application/cv.md'}", f"job_description=@{FIXTURES / 'application/posting.md'}"]
    done = daemon.client("submit", "--pipeline", "application", "--input", inputs[0], "--input", inputs[1],
                         "--watch")
    assert done.returncode == 0, done.stderr
    job_id = json.loads(daemon.client("--json", "list").stdout)["jobs"][0]["job_id"]
    assert "cover_letter" in daemon.client("files", job_id).stdout
    saved = daemon.client("get", job_id, "--output", tmp_path / "out")
    assert saved.returncode == 0, saved.stderr
    assert (tmp_path / "out/cover_letter.md").stat().st_size > 0


def test_a_failed_job_shows_in_the_exit_code(daemon):
    done = daemon.client("submit", "--watch", "--param", "fail=failed", "x")
    assert done.returncode == 1 and "failed" in done.stderr + done.stdout


def test_every_command_answers(daemon):
    job_id = daemon.run(prompt="x")["job_id"]
    held = daemon.submit(prompt="y", hold=True)["job_id"]
    for command in (["list"], ["show", job_id], ["files", job_id], ["get", job_id, "answer.txt", "--output", "-"],
                    ["backends"], ["pipelines"], ["optimizers"], ["plugins"], ["status"], ["watch", job_id],
                    ["release", held], ["delete", job_id]):
        done = daemon.client(*command)
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout, command
    done = daemon.client("cancel", daemon.submit(prompt="z", hold=True)["job_id"])
    assert done.returncode == 0, done.stderr


def test_what_retention_removed_is_told(make_daemon):
    daemon = make_daemon(config="[retention]\ncontent_days = 1\n").start()
    job_id = daemon.run(prompt="x")["job_id"]
    daemon.stop()
    with contextlib.closing(sqlite3.connect(daemon.state / "llmspool.db")) as database, database:
        database.execute("UPDATE jobs SET ended = ended - 2 * 86400000")
    daemon.start()
    while not daemon.job(job_id)["contents_removed"]:
        time.sleep(0.02)
    removed = f"The texts and files of job {job_id} have been removed, since it ended long ago"
    for command in (["files", job_id], ["get", job_id], ["get", job_id, "answer.txt"]):
        done = daemon.client(*command)
        assert done.returncode == 5 and removed in done.stderr and done.stdout == "", command
    assert removed in daemon.client("show", job_id).stdout
    watched = daemon.client("watch", job_id)
    assert watched.returncode == 0 and removed in watched.stderr


def test_no_such_job(daemon):
    done = daemon.client("show", "999")
    assert done.returncode == 5 and "999" in done.stderr


def submit_and_wait(daemon):
    """The tool in the middle of waiting for a job, which runs."""
    waiting = subprocess.Popen([BUILD / "sdk/cli/llmspool", "--socket", daemon.socket, "submit", "x", "--wait", "60",
                                "--param", "stall_seconds=600"], stderr=subprocess.PIPE, text=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert waiting.stderr.readline().startswith("Job 1 is ")
    daemon.until("1", lambda job: job["status"] == "processing")
    return waiting


def test_a_wait_that_the_daemon_ends_is_no_wait(daemon):
    with submit_and_wait(daemon) as waiting:
        daemon.process.terminate()
        stderr = waiting.communicate()[1]
    # The tool may have been about to ask.
    assert (waiting.returncode == 9 and "The daemon stops, and job 1 goes on" in stderr or
            waiting.returncode == 3 and "The job has been accepted" in stderr)


def test_a_wait_that_the_daemon_breaks_off_says_how_to_find_the_job(daemon):
    with submit_and_wait(daemon) as waiting:
        daemon.process.kill()
        stderr = waiting.communicate()[1]
    assert waiting.returncode == 3 and "The job has been accepted" in stderr and "llmspool watch 1" in stderr


def test_a_wait_that_is_interrupted_says_how_to_find_the_job(daemon):
    with submit_and_wait(daemon) as waiting:
        waiting.send_signal(signal.SIGINT)
        stderr = waiting.communicate()[1]
    assert waiting.returncode == -signal.SIGINT and "Come back to it with: llmspool watch 1" in stderr
    assert daemon.job("1")["status"] == "processing"


def test_a_wrong_option_names_the_help_of_its_command():
    done = subprocess.run([BUILD / "sdk/cli/llmspool", "submit", "x", "--priority", "101"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 2 and done.stderr.endswith("see llmspool submit --help\n")


def test_a_number_of_an_event_is_no_less_than_none():
    done = subprocess.run([BUILD / "sdk/cli/llmspool", "watch", "1", "--after", "-1"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 2 and "--after: Value -1 not in range" in done.stderr


def test_lists_several_states(daemon):
    daemon.run(prompt="x")
    daemon.submit(prompt="y", hold=True)
    daemon.submit(prompt="z", hold=True, priority=1)
    listed = json.loads(daemon.client("--json", "list", "--status", "completed,held").stdout)["jobs"]
    assert [job["status"] for job in listed] == ["held", "held", "completed"]


def test_no_daemon(tmp_path):
    done = subprocess.run([BUILD / "sdk/cli/llmspool", "--socket", tmp_path / "none.sock", "list"],
                          capture_output=True, text=True)
    assert done.returncode == 3 and "systemctl start" in done.stderr


def test_a_binary_file_is_refused(daemon, tmp_path):
    (tmp_path / "cv.pdf").write_bytes(b"%PDF-1.7\n\x00\xff")
    done = daemon.client("submit", "--pipeline", "application", "--input", f"cv=@{tmp_path / 'cv.pdf'}",
                         "--input", "job_description=x")
    assert done.returncode in (2, 6) and "cv.pdf" in done.stderr


def test_a_wrong_option_is_explained_by_the_daemon(daemon):
    done = daemon.client("submit", "--backend", "gpu", "x")
    assert done.returncode == 6 and "gpu" in done.stderr and "echo" in done.stderr


def test_watching_goes_on_across_a_restart(make_daemon):
    daemon = make_daemon().start()
    job_id = daemon.submit(prompt="word " * 20, params={"tokens_per_second": 8})["job_id"]
    daemon.until(job_id, lambda job: job["status"] == "processing")
    watch = subprocess.Popen([BUILD / "sdk/cli/llmspool", "--socket", daemon.socket, "watch", job_id],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    daemon.until(job_id, lambda job: job["progress"] > 30)
    daemon.kill()
    daemon.start()
    out, errors = watch.communicate(timeout=60)
    assert watch.returncode == 0, errors
    assert errors, "it says that the connection was lost"


def until_it_cannot_write(daemon, output, *arguments):
    done = subprocess.run([BUILD / "sdk/cli/llmspool", "--socket", daemon.socket, *arguments], stdout=output,
                          stderr=subprocess.PIPE, text=True, timeout=20, check=False,
                          restore_signals=False)  # SIGPIPE stays ignored
    assert done.returncode == 2 and done.stderr.count("The output cannot be written.") == 1, done.stderr


def test_watching_ends_where_nobody_reads(daemon):
    job_id = daemon.submit(prompt="x", group="spring", params={"stall_seconds": 600})["job_id"]
    inputs = {"cv": "x", "job_description": "y"}
    steps_id = daemon.submit(pipeline="application", inputs=inputs, params={"stall_seconds": 600})["job_id"]
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full", "w", encoding="utf-8") as full, open(writer, "w", encoding="utf-8") as pipe:
        for output in (full, pipe):
            until_it_cannot_write(daemon, output, "--json", "watch", job_id)
            until_it_cannot_write(daemon, output, "watch", steps_id)
            until_it_cannot_write(daemon, output, "group", "watch", "spring")
