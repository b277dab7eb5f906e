# SPDX-License-Identifier: MIT
"""The queue of the real daemon: whose turn it is, what happens to attempts, switches and limits."""

import asyncio
import contextlib
import json
import sqlite3
import time

import pytest
import websockets

from daemon import BUILD, UnixConnection

ONE_AT_A_TIME = "[backends.echo]\nconcurrency = 1\n"
TWO = ONE_AT_A_TIME + "[backends.other]\nplugin = 'echo'\nconcurrency = 1\n"


def occupy(daemon, backend="echo"):
    """A job that keeps the backend busy until it is cancelled."""
    job = daemon.submit(prompt="x", backend=backend, params={"stall_seconds": 600})["job_id"]
    daemon.until(job, lambda now: now["status"] == "processing")
    return job


def cancel(daemon, job):
    answer = daemon.request("POST", f"/api/jobs/{job}/cancel")
    assert answer.status == 200, answer.body


def started(daemon, jobs):
    """The jobs in the order in which they started, if each outlasts the clock's millisecond."""
    times = {job: next(event["at"] for event in daemon.events(job) if event["type"] == "started")
             for job in jobs}
    assert len(set(times.values())) == len(jobs), times
    return sorted(jobs, key=times.get)


def backend(daemon, name="echo"):
    return next(each for each in daemon.get("/api/queue").json()["backends"] if each["id"] == name)


def until_queue(daemon, condition, seconds=20, jobs=0):
    """A daemon for which a look at the queue is much work looks only now and then."""
    end = time.monotonic() + seconds
    while not condition(queue := daemon.get(f"/api/queue?jobs={jobs}").json()):
        assert time.monotonic() < end, queue
    return queue


def until(condition, seconds=20, why=None):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, why
        time.sleep(0.02)


def begin_upload(daemon, query=""):
    """A bulk upload of 2500 lines that does not end, once the first 2000 are stored."""
    connection = UnixConnection(daemon.socket)
    connection.putrequest("POST", f"/api/jobs/bulk{query}")
    connection.putheader("Content-Type", "application/x-ndjson")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    text = (json.dumps({"prompt": "x", "hold": True}) + "\n").encode() * 2500
    connection.send(b"%x\r\n%s\r\n" % (len(text), text))
    until(lambda: daemon.get("/api/health").json()["jobs"]["held"] >= 2000)
    return connection


# Turns


def test_higher_priorities_go_first_and_equal_ones_in_order(make_daemon):
    daemon = make_daemon(config=ONE_AT_A_TIME).start()
    busy = occupy(daemon)
    jobs = [daemon.submit(prompt="x", priority=p, params={"stall_seconds": 0.01})["job_id"]
            for p in (50, 90, 50, 10)]
    changed = daemon.request("PATCH", f"/api/jobs/{jobs[3]}", {"priority": 100})
    assert changed.json()["priority"] == 100
    expected = [busy, jobs[3], jobs[1], jobs[0], jobs[2]]
    queue = until_queue(daemon, lambda queue: [job["job_id"] for job in queue["jobs"]] == expected, jobs=10)
    assert [job["queue_position"] for job in queue["jobs"]] == [None, 1, 2, 3, 4]
    cancel(daemon, busy)
    for job in jobs:
        assert daemon.ended(job)["status"] == "completed"
    assert started(daemon, jobs) == [jobs[3], jobs[1], jobs[0], jobs[2]]


def test_a_job_is_moved_to_another_backend(make_daemon):
    daemon = make_daemon(config=TWO).start()
    occupy(daemon)
    job = daemon.submit(prompt="x", backend="echo")["job_id"]
    for wrong in ({"backend": "nothing"}, {"model": "nothing"}, {"backend": []}):
        assert daemon.request("PATCH", f"/api/jobs/{job}", wrong).status == 400
    moved = daemon.request("PATCH", f"/api/jobs/{job}", {"backend": ["other", "echo"]}).json()
    assert moved["backend"] == "other" and moved["backends"] == ["other", "echo"]
    assert daemon.ended(job)["backend"] == "other"
    assert daemon.request("PATCH", f"/api/jobs/{job}", {"backend": "echo"}).status == 409


def test_positions_and_expected_ends_are_pushed(make_daemon):
    daemon = make_daemon(config=ONE_AT_A_TIME).start()
    for _ in range(3):
        daemon.run(prompt="a b c d", params={"tokens_per_second": 20})
    busy = occupy(daemon)
    first, second = (daemon.submit(prompt="x")["job_id"] for _ in range(2))

    async def follow():
        places = []
        async with websockets.unix_connect(
                str(daemon.socket), f"ws://localhost/api/ws/jobs/{second}") as socket:
            async for message in socket:
                job = json.loads(message)
                if not places or places[-1] != job["queue_position"]:
                    places.append(job["queue_position"])
                if job["queue_position"] == 2 and job["eta_seconds"] is not None and places[-1] == 2:
                    await asyncio.get_running_loop().run_in_executor(None, cancel, daemon, first)
                if job["queue_position"] == 1:
                    break
        return places

    assert asyncio.run(asyncio.wait_for(follow(), 30))[-2:] == [2, 1]
    connection = UnixConnection(daemon.socket)
    connection.request("GET", f"/api/jobs/{second}/events", headers={"Accept": "text/event-stream"})
    response = connection.getresponse()
    for line in response:
        if line.startswith(b"event: queue"):
            assert json.loads(next(response).removeprefix(b"data: "))["queue_position"] == 1
            break
    connection.close()
    cancel(daemon, busy)
    assert daemon.ended(second)["queue_position"] is None


# Attempts


def test_every_attempt_that_failed_is_told(make_daemon):
    daemon = make_daemon(config=TWO).start()
    job = daemon.run(prompt="x", backend=["echo", "other"], max_attempts=3,
                     params={"fail": "retry_now"})
    assert job["status"] == "failed"
    assert [each["attempt"] for each in job["attempts"]] == [1, 2, 3]
    assert job["attempts"][0]["code"] == "backend_failed" and job["attempts"][0]["backend"] == "echo"
    failed = daemon.get("/api/jobs?status=failed").json()["jobs"]
    assert [each["job_id"] for each in failed] == [job["job_id"]]


def test_a_failed_backend_is_followed_by_the_next(make_daemon):
    daemon = make_daemon(config=TWO).start()
    job = daemon.run(prompt="x", backend=["echo", "other"],
                     params={"fail": "retry_later", "fail_attempts": 1})
    assert job["status"] == "completed" and job["backend"] == "other" and job["attempt"] == 2


@pytest.mark.parametrize("timeout, params", [
    ("first_token_timeout_seconds", {"stall_seconds": 600}),
    ("token_timeout_seconds", {"tokens_per_second": 0.01}),
    ("step_timeout_seconds", {"tokens_per_second": 5}),
])
def test_timeouts_end_an_attempt(make_daemon, timeout, params):
    daemon = make_daemon(config=TWO).start()
    words = " ".join(["word"] * 100)
    if timeout == "token_timeout_seconds":
        # The first word comes at once only where no time has to pass before it.
        params = {"tokens_per_second": 0.9}
    job = daemon.run(prompt=words, max_attempts=1, params=params, **{timeout: 1})
    assert job["status"] == "failed" and job["error_info"]["code"] == "timeout", job
    assert job["error_info"]["retryable"] and job["error_info"]["step"] == "answer"
    until_queue(daemon, lambda queue: queue["running"] == 0)
    assert daemon.run(prompt="x")["status"] == "completed"


def test_a_backend_that_keeps_failing_is_left_alone_and_tried_again(make_daemon):
    daemon = make_daemon(config=TWO.replace(
        "concurrency = 1", "concurrency = 1\ncircuit_failures = 3\ncircuit_seconds = 600", 1)).start()
    bad = [daemon.submit(prompt="x", params={"fail": "failed"})["job_id"] for _ in range(4)]
    for job in bad[:3]:
        assert daemon.ended(job)["status"] == "failed"
    queue = until_queue(daemon, lambda queue: queue["backends"][0]["circuit"] == "open")
    assert queue["backends"][0]["id"] == "echo" and queue["backends"][0]["circuit_until"]
    assert daemon.job(bad[3])["status"] == "pending"
    listed = daemon.get("/api/backends").json()["backends"][0]
    assert not listed["available"] and "left alone" in listed["unavailable_reason"]

    # What has another backend goes there.
    assert daemon.run(prompt="x", backend=["echo", "other"])["backend"] == "other"
    cancel(daemon, bad[3])
    good = daemon.submit(prompt="x")["job_id"]
    assert daemon.request("POST", "/api/queue/resume?backend=echo").status == 200
    assert daemon.ended(good)["status"] == "completed"
    assert backend(daemon)["circuit"] == "closed"


def test_a_backend_is_not_blamed_for_wrong_requests(make_daemon):
    daemon = make_daemon(config=ONE_AT_A_TIME + "circuit_failures = 2\n").start()
    for _ in range(3):
        wrong = daemon.run(prompt="x", params={"fail": "invalid"})
        assert wrong["status"] == "failed" and wrong["error_info"]["code"] == "backend_failed", wrong
    assert backend(daemon)["circuit"] == "closed"
    assert daemon.run(prompt="x")["status"] == "completed"


CIRCUIT = "concurrency = {}\ncircuit_failures = {}\ncircuit_seconds = 1\n"
BOTH = ["echo", "other"]


def stop(daemon, name):
    """Lets a plugin's answer stop its backend."""
    job = daemon.submit(prompt="x", backend=name, params={"fail": "stop_queue", "fail_attempts": 1})["job_id"]
    until_queue(daemon, lambda _: backend(daemon, name)["reason"])
    cancel(daemon, job)


def test_a_job_stays_when_its_other_backend_is_down_too(make_daemon):
    daemon = make_daemon(config=TWO.replace("concurrency = 1\n", CIRCUIT.format(1, 1), 1)).start()
    stop(daemon, "other")
    tried = daemon.submit(prompt="x", backend=BOTH, params={"fail": "retry_later", "fail_attempts": 1})["job_id"]
    until_queue(daemon, lambda _: backend(daemon)["circuit"] != "closed")
    waits = daemon.submit(prompt="x", backend=BOTH)["job_id"]
    for job in (tried, waits):
        assert daemon.ended(job)["status"] == "completed" and daemon.job(job)["backend"] == "echo"


def test_a_job_says_why_its_backend_was_stopped(make_daemon):
    daemon = make_daemon(config=ONE_AT_A_TIME).start()
    job = daemon.submit(prompt="x", params={"fail": "stop_queue", "fail_attempts": 1})["job_id"]
    waits = daemon.until(job, lambda now: now["status"] == "pending" and now["attempt"] == 1)
    assert waits["message"].startswith("Waiting, since echo takes no jobs now: "), waits


def test_nothing_is_expected_of_a_backend_that_begins_nothing(make_daemon):
    daemon = make_daemon(config=ONE_AT_A_TIME).start()
    daemon.run(prompt="x")
    daemon.request("POST", "/api/queue/pause?backend=echo")
    job = daemon.submit(prompt="x")["job_id"]
    waits = daemon.until(job, lambda now: now["queue_position"] == 1)
    assert waits["eta_seconds"] is None
    later = daemon.submit(prompt="x")["job_id"]
    until_queue(daemon, lambda _: daemon.request(
        "PATCH", f"/api/jobs/{later}", {"priority": 90}).json()["queue_position"] == 1)
    daemon.request("POST", "/api/queue/resume?backend=echo")
    assert daemon.ended(job)["status"] == "completed"


def test_a_job_goes_to_its_other_backend_when_that_comes_back(make_daemon):
    daemon = make_daemon(config=TWO).start()
    stop(daemon, "echo")
    stop(daemon, "other")
    job = daemon.submit(prompt="x", backend=BOTH)["job_id"]
    assert daemon.request("POST", "/api/queue/resume?backend=other").status == 200
    assert daemon.ended(job)["backend"] == "other"
    daemon.until_logged(f"Job {job} was moved: Waiting for other, since echo takes no jobs now")


def test_a_job_that_becomes_ready_goes_to_its_other_backend(make_daemon):
    daemon = make_daemon(config=TWO).start()
    stop(daemon, "echo")
    first = occupy(daemon, "other")
    follower = daemon.submit(prompt="x", backend=BOTH, after=[
        daemon.submit(prompt="x", backend="other")["job_id"]])["job_id"]
    delayed = daemon.submit(prompt="x", backend=BOTH, delay_seconds=1)["job_id"]
    cancel(daemon, first)
    for job in (follower, delayed):
        ended = daemon.ended(job)
        assert ended["status"] == "completed" and ended["backend"] == "other", ended


def test_jobs_of_a_backend_that_is_gone_go_elsewhere_or_are_told_of(make_daemon):
    daemon = make_daemon(config=TWO).start()
    daemon.request("POST", "/api/queue/pause?backend=other")
    moves, stays = (daemon.submit(prompt="x", backend=to)["job_id"] for to in (["other", "echo"], "other"))
    daemon.stop()
    daemon.config_file.write_text(daemon.config_file.read_text().replace(TWO, ONE_AT_A_TIME))
    daemon.start()
    assert daemon.ended(moves)["backend"] == "echo"
    assert daemon.job(stays)["status"] == "pending"
    queue = until_queue(daemon, lambda _: backend(daemon, "other")["waiting"] == 1)
    assert "not there" in backend(daemon, "other")["reason"], queue
    assert daemon.get("/api/health").json()["backends"] == {"echo": True, "llamacpp": False, "other": False}
    assert "other" not in [each["id"] for each in daemon.get("/api/backends").json()["backends"]]
    assert daemon.get("/api/stats").status == 200
    assert "Jobs wait for the backend other, which is not there" in daemon.log()


def test_a_backend_is_tried_again_whatever_runs_on_it(make_daemon):
    daemon = make_daemon(config="[backends.echo]\n" + CIRCUIT.format(2, 2)).start()
    occupy(daemon)
    for _ in range(2):
        daemon.run(prompt="x", params={"fail": "failed"})
    until_queue(daemon, lambda _: backend(daemon)["circuit"] != "closed")
    assert daemon.run(prompt="x")["status"] == "completed"


def test_no_more_requests_in_a_minute_than_allowed(make_daemon):
    daemon = make_daemon(config="[backends.echo]\nrequests_per_minute = 3\n").start()
    jobs = [daemon.submit(prompt="x")["job_id"] for _ in range(5)]
    for job in jobs[:3]:
        assert daemon.ended(job)["status"] == "completed"
    assert [daemon.job(job)["status"] for job in jobs[3:]] == ["pending", "pending"]
    cancel(daemon, jobs[3])


def test_a_restart_does_not_begin_the_minute_anew(make_daemon):
    daemon = make_daemon(config="[backends.echo]\nrequests_per_minute = 1\n").start()
    daemon.run(prompt="x")
    daemon.stop()
    daemon.start()
    waits = daemon.submit(prompt="x")["job_id"]
    until_queue(daemon, lambda _: backend(daemon)["resting_until"])
    assert daemon.job(waits)["status"] == "pending"


def test_no_more_jobs_of_a_model_at_once_than_allowed(make_daemon):
    daemon = make_daemon(
        config="[backends.echo]\nconcurrency = 4\nmodel_concurrency = { echo = 1 }\n").start()
    busy = occupy(daemon)
    waits = daemon.submit(prompt="x", model="echo")["job_id"]
    assert backend(daemon)["running"] == 1
    cancel(daemon, busy)
    done = daemon.ended(waits)
    assert done["status"] == "completed" and done["started_at"] >= daemon.job(busy)["completed_at"]


def test_a_newer_job_with_the_same_key_replaces_the_older(make_daemon):
    daemon = make_daemon(config=ONE_AT_A_TIME).start()
    first = daemon.submit(prompt="x", supersede="draft", params={"stall_seconds": 600})["job_id"]
    daemon.until(first, lambda now: now["status"] == "processing")
    second = daemon.submit(prompt="y", supersede="draft")
    assert daemon.ended(first)["message"] == f"Replaced by job {second['job_id']}"
    assert daemon.ended(second["job_id"])["output"] == "y"


# Switches


def test_pause_lets_nothing_start_and_outlives_a_restart(make_daemon):
    daemon = make_daemon(config=TWO).start()
    running = occupy(daemon)
    paused = daemon.request("POST", "/api/queue/pause?backend=other").json()
    assert not paused["paused"] and [each["paused"] for each in paused["backends"]
                                     if each["id"] == "other"] == [True]
    waits = daemon.submit(prompt="x", backend="other")["job_id"]
    assert daemon.request("POST", "/api/queue/pause").json()["paused"]
    assert daemon.job(running)["status"] == "processing"
    cancel(daemon, running)
    also = daemon.submit(prompt="x")["job_id"]
    daemon.stop()
    daemon.start()
    assert daemon.get("/api/queue").json()["paused"]
    resumed = daemon.submit(prompt="x", hold=True)["created_at"]
    assert daemon.request("POST", "/api/queue/resume").json()["paused"] is False
    done = daemon.ended(also)
    assert done["status"] == "completed" and done["started_at"] >= resumed
    assert daemon.job(waits)["status"] == "pending"
    daemon.request("POST", "/api/queue/resume?backend=other")
    assert daemon.ended(waits)["status"] == "completed"


def test_reject_refuses_new_jobs_and_runs_the_old(make_daemon):
    daemon = make_daemon(config=TWO).start()
    busy = occupy(daemon)
    old = daemon.submit(prompt="x")["job_id"]
    assert daemon.request("POST", "/api/queue/reject").json()["accepting"] is False
    refused = daemon.request("POST", "/api/jobs", {"prompt": "x"})
    assert refused.status == 503 and refused.headers["Retry-After"]
    assert "takes no new jobs" in refused.json()["detail"]
    assert daemon.request("GET", "/readyz").status == 503
    assert "administrator" in daemon.get("/api/health").json()["reason"]
    cancel(daemon, busy)
    assert daemon.ended(old)["status"] == "completed"
    assert daemon.request("POST", "/api/queue/accept").json()["accepting"]
    daemon.request("POST", "/api/queue/reject?backend=other")
    assert daemon.request("POST", "/api/jobs", {"prompt": "x", "backend": "other"}).status == 503
    assert daemon.run(prompt="x", backend=["other", "echo"])["backend"] == "echo"
    held = daemon.submit(prompt="x", hold=True)["job_id"]
    assert daemon.request("PATCH", f"/api/jobs/{held}", {"backend": "other"}).status == 503
    cancelled = daemon.submit(prompt="x", backend=["echo"], hold=True)["job_id"]
    cancel(daemon, cancelled)
    daemon.request("POST", "/api/queue/reject?backend=echo")
    assert daemon.request("POST", f"/api/jobs/{cancelled}/retry").status == 503
    assert daemon.request("POST", "/api/queue/pause?backend=nothing").status == 404


def test_a_stopped_backend_lets_its_jobs_go_elsewhere_and_goes_on_when_resumed(make_daemon):
    daemon = make_daemon(config=TWO).start()
    stops = daemon.submit(prompt="x", params={"fail": "stop_queue", "fail_attempts": 1})["job_id"]
    until_queue(daemon, lambda queue: queue["backends"][0]["reason"])
    daemon.until(stops, lambda job: job["status"] == "pending")
    assert daemon.run(prompt="x", backend=["echo", "other"])["backend"] == "other"
    daemon.request("PATCH", f"/api/jobs/{stops}", {"backend": "other"})
    daemon.request("POST", "/api/queue/resume?backend=echo")
    assert backend(daemon)["reason"] is None
    assert daemon.run(prompt="x")["backend"] == "echo"


# Many at once


def bulk(daemon, lines, query="", headers=None):
    body = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    answer = daemon.request("POST", f"/api/jobs/bulk{query}", body.encode(),
                            {"Content-Type": "application/x-ndjson", **(headers or {})}, timeout=120)
    assert answer.status == 200, answer.body
    return [json.loads(line) for line in answer.body.splitlines()]


def test_bulk_takes_good_lines_and_refuses_bad_ones_alone(daemon):
    answers = bulk(daemon, [{"prompt": "a", "hold": True}, "\n", "nonsense\n", {"prompt": "b", "colour": 1},
                            {"prompt": "c", "backend": "nothing"}, {"prompt": "d", "group": "own"}],
                   "?group=spring")
    assert [each["line"] for each in answers] == [1, 3, 4, 5, 6]
    assert [each.get("error", {}).get("status") for each in answers] == [None, 400, 400, 400, None]
    assert "no such field" in answers[2]["error"]["detail"]
    assert daemon.job(answers[0]["job_id"])["group"] == "spring"
    assert daemon.job(answers[4]["job_id"])["group"] == "own"


def test_bulk_takes_fifty_thousand_lines_in_constant_memory(make_daemon):
    daemon = make_daemon(config="[log]\nlevel = 'warning'\n").start()

    def memory():
        status = open(f"/proc/{daemon.process.pid}/status").read()
        return int(status.split("VmRSS:")[1].split()[0])

    bulk(daemon, [{"prompt": "warm up", "hold": True}] * 2000)
    before = memory()
    answers = bulk(daemon, [{"prompt": f"number {n}", "hold": True} for n in range(50_000)], "?group=many")
    assert len(answers) == 50_000 and all("job_id" in each for each in answers)
    ids = [int(each["job_id"]) for each in answers]
    assert ids == sorted(ids) and len(set(ids)) == 50_000
    group = daemon.get("/api/groups/many").json()
    assert group["total"] == 50_000 and group["jobs"]["held"] == 50_000
    if BUILD.name not in ("asan", "tsan"):  # whose own memory grows
        assert memory() - before < 16 * 1024, "KiB more than before"
    cancelled = daemon.request("POST", "/api/groups/many/cancel", timeout=120).json()
    assert cancelled["jobs"]["cancelled"] == 50_000 and cancelled["progress"] == 100


def test_bulk_ends_where_too_much_is_refused(daemon):
    answers = bulk(daemon, ["x\n\n" * 500_000, {"prompt": "too late"}])
    assert len(answers) < 100_000
    assert all(each["line"] == 2 * index + 1 for index, each in enumerate(answers))
    assert "all that follow it were not looked at" in answers[-1]["error"]["detail"]
    assert daemon.get("/api/health").json()["jobs"]["pending"] == 0


def test_bulk_tells_what_was_taken_before_the_daemon_stops(daemon):
    connection = begin_upload(daemon)
    daemon.process.terminate()
    answers = [json.loads(line) for line in connection.getresponse().read().splitlines()]
    assert all("job_id" in each for each in answers[:-1]) and len(answers) == 2001
    assert answers[-1]["line"] == 2001 and answers[-1]["error"]["status"] == 503
    daemon.process.wait(20)


def test_bulk_can_be_repeated_with_a_key(daemon):
    lines = [{"prompt": f"number {n}", "hold": True} for n in range(3000)]
    first = bulk(daemon, lines[:1500], headers={"Idempotency-Key": "upload"})
    again = bulk(daemon, lines, headers={"Idempotency-Key": "upload"})
    assert again[:1500] == [{**each, "replayed": True} for each in first]
    assert len({each["job_id"] for each in again}) == 3000 and "replayed" not in again[1500]
    lines[0]["prompt"] = "another"
    changed = bulk(daemon, lines[:2], headers={"Idempotency-Key": "upload"})
    assert changed[0]["error"]["status"] == 422 and changed[1]["job_id"] == first[1]["job_id"]


def test_bulk_refuses_a_line_that_is_too_long_alone(make_daemon):
    daemon = make_daemon(settings={"server": {"body_bytes_max": 2048},
                                   "queue": {"input_bytes_max": 1024}}).start()
    answers = bulk(daemon, [{"prompt": "x" * 1024}, {"prompt": "x" * 1025}, {"prompt": "x" * 5000},
                            {"prompt": "y"}])
    assert [each.get("error", {}).get("status") for each in answers] == [None, 413, 413, None]


def test_bulk_keeps_whole_chunks_of_an_upload_that_breaks_off(daemon):
    connection = begin_upload(daemon, "?group=broken")
    connection.close()
    assert daemon.run(prompt="x")["status"] == "completed"
    assert daemon.get("/api/groups/broken").json()["total"] == 2000


def test_a_group_tells_its_progress_and_its_results(daemon):
    bulk(daemon, [{"prompt": "one"}, {"prompt": "two", "params": {"fail": "failed"}}, {"prompt": "three"}],
         "?group=spring")
    for job in daemon.get("/api/jobs?group=spring").json()["jobs"]:
        daemon.ended(job["job_id"])
    group = daemon.get("/api/groups/spring").json()
    assert group["progress"] == 100 and group["jobs"]["completed"] == 2 and group["jobs"]["failed"] == 1
    assert [each["group"] for each in daemon.get("/api/groups").json()["groups"]] == ["spring"]
    results = daemon.get("/api/groups/spring/results")
    assert results.headers["Content-Type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in results.body.splitlines()]
    assert [(line["status"], line["output"]) for line in lines] == [
        ("completed", "one"), ("failed", None), ("completed", "three")]
    assert daemon.get("/api/groups/winter").status == 404
    assert daemon.get("/api/groups/winter/results").status == 404


# Limits and what is kept


def test_limits_hold_at_their_bound_and_refuse_one_past_it(make_daemon):
    daemon = make_daemon(config="waiting_max = 2\ninput_bytes_max = 1024\n").start()
    for _ in range(2):
        daemon.submit(prompt="x" * 1024, hold=True)
    for size, status in ((1024, 429), (1025, 413)):
        refused = daemon.request("POST", "/api/jobs", {"prompt": "x" * size, "hold": True})
        assert refused.status == status, refused.body
    assert "The queue is full" in daemon.request("POST", "/api/jobs", {"prompt": "x"}).json()["detail"]
    assert daemon.get("/api/health").json()["jobs"]["held"] == 2


def test_an_owner_may_have_so_many_jobs_waiting(make_daemon):
    daemon = make_daemon(config="owner_waiting_max = 2\n").start()
    for _ in range(2):
        daemon.submit(prompt="x", hold=True)
    refused = daemon.request("POST", "/api/jobs", {"prompt": "x"})
    assert refused.status == 429 and refused.headers["Retry-After"]
    assert "2 of your jobs" in refused.json()["detail"]


def test_a_disk_with_less_room_than_is_to_stay_free_takes_no_jobs(make_daemon):
    daemon = make_daemon(settings={"state": {"free_bytes_min": "1000T"}}).start()
    refused = daemon.request("POST", "/api/jobs", {"prompt": "x"})
    assert refused.status == 507 and refused.headers["Retry-After"]
    assert "[state] free_bytes_min" in refused.json()["detail"]


def age(daemon, days):
    """As if all its jobs had ended so many days earlier."""
    daemon.stop()
    with contextlib.closing(sqlite3.connect(daemon.state / "llmspool.db")) as database, database:
        database.execute("UPDATE jobs SET ended = ended - ? * 86400000", (days,))
    daemon.start()


def test_old_jobs_and_their_contents_are_removed(make_daemon):
    daemon = make_daemon(config="[retention]\ndays = 3\ncontent_days = 1\n").start()
    old = daemon.run(prompt="old")["job_id"]
    age(daemon, 2)
    until(lambda: daemon.job(old)["output"] is None)
    young = daemon.run(prompt="young")["job_id"]
    age(daemon, 2)
    until(lambda: daemon.get(f"/api/jobs/{old}").status == 404)
    assert daemon.job(young)["status"] == "completed"


def test_ended_jobs_are_kept_for_ninety_days(daemon):
    job = daemon.run(prompt="x")["job_id"]
    age(daemon, 89)
    assert daemon.run(prompt="y")["status"] == "completed"
    assert daemon.job(job)["output"] == "x"
    age(daemon, 2)
    until(lambda: daemon.get(f"/api/jobs/{job}").status == 404)


def test_the_oldest_go_while_the_database_is_too_large(make_daemon):
    daemon = make_daemon(config="[retention]\nbytes_max = '1M'\n").start()
    jobs = [daemon.run(prompt="x" * 200_000)["job_id"] for _ in range(4)]
    daemon.stop()
    daemon.start()
    until(lambda: daemon.get(f"/api/jobs/{jobs[0]}").status == 404)
    assert daemon.job(jobs[3])["status"] == "completed"


def test_a_spool_that_is_full_refuses_before_it_writes(make_daemon):
    daemon = make_daemon(settings={"state": {"bytes_max": "300KB"}}).start()
    for number in range(20):
        answer = daemon.request("POST", "/api/jobs", {"prompt": "x" * 50_000, "hold": True})
        if answer.status == 507:
            break
    assert answer.status == 507 and answer.headers["Retry-After"], answer.body
    assert "[state] bytes_max" in answer.json()["detail"]
    assert daemon.get("/api/health").json()["jobs"]["held"] == number


def test_ended_jobs_beyond_a_number_are_removed_and_their_space_given_back(make_daemon):
    daemon = make_daemon(config="[retention]\njobs_max = 1\n").start()
    jobs = [daemon.run(prompt="x" * 200_000)["job_id"] for _ in range(5)]
    database = daemon.state / "llmspool.db"
    daemon.stop()
    size = database.stat().st_size
    daemon.start()
    until(lambda: daemon.get(f"/api/jobs/{jobs[3]}").status == 404)
    assert daemon.job(jobs[4])["status"] == "completed"
    until(lambda: database.stat().st_size <= size / 2, why="the file has not become smaller")


def test_a_backup_is_a_whole_database(daemon, make_daemon):
    job = daemon.run(prompt="keep me")["job_id"]
    backup = daemon.get("/api/admin/backup")
    assert backup.status == 200
    other = make_daemon("other")
    other.state.mkdir(mode=0o700)
    (other.state / "llmspool.db").write_bytes(backup.body)
    assert sqlite3.connect(other.state / "llmspool.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)
    other.start()
    assert other.job(job)["output"] == "keep me"
    assert not list(daemon.state.glob("backup*"))


def test_a_repeated_request_is_not_judged_anew(daemon):
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    body = {"prompt": "x", "deadline": soon}
    first = daemon.request("POST", "/api/jobs", body, {"Idempotency-Key": "k"})
    assert first.status == 201
    until(lambda: daemon.request("POST", "/api/jobs", body).status == 400, 10)  # the deadline has passed
    again = daemon.request("POST", "/api/jobs", body, {"Idempotency-Key": "k"})
    assert again.status == 200 and again.json()["job_id"] == first.json()["job_id"]
