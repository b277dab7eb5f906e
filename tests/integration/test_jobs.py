# SPDX-License-Identifier: MIT
"""A job's way through the real daemon, with the echo backend."""

import time

WORDS = "one two three four five"


def types(events):
    return [event["type"] for event in events]


def test_a_prompt_is_answered(daemon):
    job = daemon.submit(prompt=WORDS, labels={"batch": "spring"})
    assert job["status"] == "pending" and job["progress"] == 0 and job["seq"] == 1
    assert job["pipeline"] is None and job["labels"] == {"batch": "spring"}
    done = daemon.ended(job["job_id"])
    assert done["status"] == "completed", done
    assert done["output"] == WORDS
    assert done["progress"] == 100 and done["attempt"] == 1 and done["backend"] == "echo"
    assert done["usage"] == {"prompt_tokens": 5, "completion_tokens": 5}
    assert done["started_at"] and done["completed_at"] and done["error"] is None


def test_the_answer_is_also_a_file(daemon):
    job_id = daemon.run(prompt=WORDS)["job_id"]
    files = daemon.get(f"/api/jobs/{job_id}/files").json()["files"]
    assert [(file["filename"], file["size"]) for file in files] == [("answer.txt", len(WORDS))]
    answer = daemon.get(f"/api/jobs/{job_id}/files/answer.txt")
    assert answer.body.decode() == WORDS
    assert "attachment" in answer.headers["Content-Disposition"]
    preview = daemon.get(f"/api/jobs/{job_id}/files/answer.txt/content").json()
    assert preview == {"filename": "answer.txt", "content": WORDS, "type": "text"}


def test_events_are_numbered_without_gap_and_tell_the_whole_text(daemon):
    job_id = daemon.run(prompt=WORDS, params={"tokens_per_second": 50})["job_id"]
    events = daemon.events(job_id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert types(events)[:2] == ["created", "started"] and types(events)[-1] == "completed"
    assert "".join(event["text"] for event in events if event["type"] == "delta") == WORDS
    percents = [event["progress"] for event in events if event["type"] == "progress"]
    assert percents == sorted(percents)


def test_messages_are_a_prompt_too(daemon):
    job = daemon.run(messages=[{"role": "system", "content": "Be brief."},
                               {"role": "user", "content": "hello there"}])
    assert job["output"] == "hello there"


def test_waiting_for_the_end(daemon):
    answer = daemon.request("POST", "/api/jobs?wait=30", {"prompt": WORDS})
    assert answer.status == 201 and answer.json()["status"] == "completed"


def test_waiting_ends_when_the_time_is_up(daemon):
    answer = daemon.request("POST", "/api/jobs?wait=0.2",
                            {"prompt": WORDS, "params": {"stall_seconds": 600}})
    assert answer.status == 201 and answer.json()["status"] in ("pending", "processing")


def test_waiting_for_the_end_of_a_job_that_is_there(daemon):
    job_id = daemon.submit(prompt=WORDS)["job_id"]
    assert daemon.get(f"/api/jobs/{job_id}?wait=30").json()["status"] == "completed"
    held = daemon.submit(prompt=WORDS, hold=True)["job_id"]
    assert daemon.get(f"/api/jobs/{held}?wait=0.2").json()["status"] == "held"
    wrong = daemon.get(f"/api/jobs/{held}?wait=301")
    assert wrong.status == 400 and wrong.json()["errors"][0]["field"] == "wait"
    assert daemon.get("/api/jobs/999?wait=30").status == 404


def test_cancel_stops_a_running_generation_at_once(daemon):
    job_id = daemon.submit(prompt=WORDS, params={"stall_seconds": 600})["job_id"]
    daemon.until(job_id, lambda job: job["status"] == "processing")
    cancelled = daemon.request("POST", f"/api/jobs/{job_id}/cancel")
    assert cancelled.status == 200 and cancelled.json()["status"] == "cancelled"
    again = daemon.request("POST", f"/api/jobs/{job_id}/cancel")
    assert again.status == 200 and again.json()["seq"] == cancelled.json()["seq"]
    # The backend is free again: its slot serves the next jobs.
    begin = time.monotonic()
    while daemon.get("/api/backends").json()["backends"][0]["running"]:
        assert time.monotonic() - begin < 5


def test_cancelling_what_has_ended_is_refused(daemon):
    job_id = daemon.run(prompt=WORDS)["job_id"]
    answer = daemon.request("POST", f"/api/jobs/{job_id}/cancel")
    assert answer.status == 409 and "completed" in answer.json()["detail"]


def test_a_failed_attempt_is_followed_by_another(daemon):
    job = daemon.run(prompt=WORDS, params={"fail": "retry_now", "fail_attempts": 2})
    assert job["status"] == "completed" and job["attempt"] == 3
    assert types(daemon.events(job["job_id"])).count("retrying") == 2


def test_attempts_are_bounded(daemon):
    job = daemon.run(prompt=WORDS, params={"fail": "retry_now"}, max_attempts=2)
    assert job["status"] == "failed" and job["attempt"] == 2
    assert "retry_now" in job["error"]
    assert job["error_info"]["code"] == "backend_failed" and job["error_info"]["step"] == "answer"


def test_a_failure_is_final(daemon):
    job = daemon.run(prompt=WORDS, params={"fail": "failed"})
    assert job["status"] == "failed" and job["attempt"] == 1


def test_a_job_that_its_backend_holds_waits_for_a_person(daemon):
    job_id = daemon.submit(prompt=WORDS, params={"fail": "hold", "fail_attempts": 1})["job_id"]
    held = daemon.until(job_id, lambda job: job["status"] == "held")
    assert "hold" in held["message"]
    assert daemon.request("POST", f"/api/jobs/{job_id}/release").json()["status"] == "pending"
    assert daemon.ended(job_id)["status"] == "completed"


def test_a_stopped_backend_keeps_its_jobs_and_says_why(daemon):
    job_id = daemon.submit(prompt=WORDS, params={"fail": "credentials_needed", "fail_attempts": 1})["job_id"]
    daemon.until(job_id, lambda job: job["status"] == "pending" and job["seq"] > 2)
    backend = daemon.get("/api/backends").json()["backends"][0]
    assert backend["available"] is False and "echo.key" in backend["unavailable_reason"]
    later = daemon.submit(prompt="later")["job_id"]
    resumed = daemon.submit(prompt="x", hold=True)["created_at"]
    daemon.request("POST", "/api/queue/resume?backend=echo")
    done = daemon.ended(later)
    assert done["status"] == "completed" and done["started_at"] >= resumed


def test_a_list_of_backends_is_tried_in_order(make_daemon):
    daemon = make_daemon(default_backend="one", config="""
[backends.one]
plugin = "echo"
[backends.two]
plugin = "echo"
""").start()
    job = daemon.run(prompt=WORDS, backend=["one", "two"], params={"fail": "failed", "fail_attempts": 1})
    assert job["status"] == "completed" and job["backend"] == "two"


def test_hold_and_release(daemon):
    job_id = daemon.submit(prompt=WORDS, hold=True)["job_id"]
    assert daemon.job(job_id)["status"] == "held"
    daemon.request("POST", f"/api/jobs/{job_id}/release")
    assert daemon.ended(job_id)["status"] == "completed"


def test_a_delayed_job_starts_when_its_time_has_come(daemon):
    job = daemon.submit(prompt=WORDS, delay_seconds=1)
    assert job["status"] == "pending" and job["not_before"]
    done = daemon.ended(job["job_id"])
    assert done["started_at"] >= job["not_before"]


def test_a_job_follows_what_it_was_told_to_follow(daemon):
    first = daemon.submit(prompt=WORDS, hold=True)["job_id"]
    second = daemon.submit(prompt=WORDS, after=[first])["job_id"]
    assert daemon.run(prompt="another")["status"] == "completed"
    assert daemon.job(second)["status"] == "pending"
    daemon.request("POST", f"/api/jobs/{first}/release")
    done = daemon.ended(second)
    assert done["status"] == "completed"
    assert done["started_at"] >= daemon.job(first)["completed_at"]


def test_a_delayed_job_that_also_follows_another_is_not_forgotten(daemon):
    first = daemon.submit(prompt=WORDS, hold=True)["job_id"]
    second = daemon.submit(prompt=WORDS, after=[first], delay_seconds=3)["job_id"]
    # Its end wakes the queue while the second cannot be woken yet.
    assert daemon.run(prompt=WORDS, delay_seconds=1)["status"] == "completed"
    daemon.request("POST", f"/api/jobs/{first}/release")
    assert daemon.ended(second)["status"] == "completed"


def test_a_deadline_that_passes_fails_the_job(daemon):
    deadline = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    job = daemon.run(prompt=WORDS, hold=True, deadline=deadline)
    assert job["status"] == "failed" and job["error_info"]["code"] == "expired"


def test_a_job_that_takes_too_long_fails(daemon):
    job = daemon.run(prompt=WORDS, timeout_seconds=1, params={"stall_seconds": 600})
    assert job["status"] == "failed" and job["error_info"]["code"] == "timeout"
    assert "1 s" in job["error"]


def test_retry_runs_an_ended_job_again(daemon):
    job = daemon.run(prompt=WORDS)
    assert daemon.request("POST", f"/api/jobs/{job['job_id']}/retry").status == 200
    daemon.until(job["job_id"], lambda now: now["status"] == "completed" and now["seq"] > job["seq"])
    seqs = [event["seq"] for event in daemon.events(job["job_id"])]
    assert seqs == list(range(1, len(seqs) + 1))


def test_change_while_it_waits(daemon):
    job_id = daemon.submit(prompt=WORDS, hold=True)["job_id"]
    changed = daemon.request("PATCH", f"/api/jobs/{job_id}", {"priority": 80, "labels": {"a": "b"}})
    assert changed.status == 200
    assert (changed.json()["priority"], changed.json()["labels"]) == (80, {"a": "b"})


def test_the_same_key_gives_the_same_job(daemon):
    key = {"Idempotency-Key": '"7f3c"'}
    first = daemon.request("POST", "/api/jobs", {"prompt": WORDS}, key)
    again = daemon.request("POST", "/api/jobs", {"prompt": WORDS}, key)
    other = daemon.request("POST", "/api/jobs", {"prompt": "other"}, key)
    assert (first.status, again.status, other.status) == (201, 200, 422)
    assert first.json()["job_id"] == again.json()["job_id"]


def test_delete_removes_a_job_with_its_files(daemon):
    running = daemon.submit(prompt=WORDS, params={"stall_seconds": 600})["job_id"]
    done = daemon.run(prompt=WORDS)["job_id"]
    for job_id in (running, done):
        assert daemon.request("DELETE", f"/api/jobs/{job_id}").status == 204
        assert daemon.get(f"/api/jobs/{job_id}").status == 404
        assert daemon.get(f"/api/jobs/{job_id}/files").status == 404


def test_list_filters_and_pages(daemon):
    for index in range(5):
        daemon.run(prompt=WORDS, labels={"parity": "odd" if index % 2 else "even"})
    daemon.submit(prompt=WORDS, hold=True)
    page = daemon.get("/api/jobs?limit=4").json()
    rest = daemon.get(f"/api/jobs?limit=4&cursor={page['next_cursor']}").json()
    ids = [int(job["job_id"]) for job in page["jobs"] + rest["jobs"]]
    assert ids == sorted(ids, reverse=True) and len(ids) == 6 and rest["next_cursor"] is None
    assert len(daemon.get("/api/jobs?label=parity:odd").json()["jobs"]) == 2
    assert len(daemon.get("/api/jobs?label=parity:none").json()["jobs"]) == 0
    assert len(daemon.get("/api/jobs?status=held").json()["jobs"]) == 1
    assert len(daemon.get("/api/jobs?backend=echo&status=completed").json()["jobs"]) == 5


def test_odd_bytes_from_a_plugin_become_valid_text(daemon):
    job = daemon.run(prompt="x", params={"bytes": "61ff62c3"})
    assert job["output"] == "a\ufffdb\ufffd"


def test_health(daemon):
    health = daemon.get("/api/health").json()
    assert health["status"] == "ok" and health["backends"]["echo"] is True
    assert daemon.get("/healthz").status == 200 and daemon.get("/readyz").status == 200


def test_what_there_is(daemon):
    echo = next(each for each in daemon.get("/api/backends").json()["backends"] if each["id"] == "echo")
    assert echo["available"] and echo["default_model"] == "echo" and echo["concurrency"] == 4
    assert [each["id"] for each in daemon.get("/api/optimizers").json()["optimizers"]] == ["ats"]
    assert [each["name"] for each in daemon.get("/api/pipelines").json()["pipelines"]] == ["application"]
    assert daemon.get("/api/openapi.json").json()["openapi"].startswith("3.")
