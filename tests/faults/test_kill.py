# SPDX-License-Identifier: MIT
"""The daemon is killed at random moments under load, and no acknowledged job is lost.

LLMSPOOL_FAULT_SEED repeats a run's choices; LLMSPOOL_FAULT_KILLS sets how many kills there are."""

import http.client
import os
import random
import threading
import time

from daemon import ENDED

KILLS = int(os.environ.get("LLMSPOOL_FAULT_KILLS", "50"))
SEED = int(os.environ.get("LLMSPOOL_FAULT_SEED", str(random.randrange(10**6))))


class Submitter(threading.Thread):
    """Submits small jobs until told to stop, and keeps what was acknowledged."""

    def __init__(self, daemon, seed):
        super().__init__()
        self.daemon_under_test, self.random = daemon, random.Random(seed)
        self.acknowledged, self.stop = {}, threading.Event()

    def run(self):
        number = 0
        while not self.stop.is_set():
            number += 1
            words = " ".join(f"w{self.random.randrange(100)}" for _ in range(self.random.randrange(1, 8)))
            params = {"tokens_per_second": self.random.choice([0, 50, 200])}
            if self.random.random() < 0.2:
                params |= {"fail": "retry_now", "fail_attempts": 1}
            try:
                answer = self.daemon_under_test.request(
                    "POST", "/api/jobs", {"prompt": words, "params": params},
                    {"Idempotency-Key": f"{self.name}-{number}"}, timeout=10)
            except (OSError, http.client.HTTPException):
                number -= 1  # the same again: perhaps it was stored and only the answer was lost
                time.sleep(0.01)
                continue
            if answer.status in (200, 201):
                self.acknowledged[answer.json()["job_id"]] = words
            time.sleep(0.002)


def test_no_acknowledged_job_is_lost_and_none_ends_twice(make_daemon):
    print(f"LLMSPOOL_FAULT_SEED={SEED}")
    choose = random.Random(SEED)
    daemon = make_daemon(config="[log]\nlevel = 'warning'\n").start()
    submitters = [Submitter(daemon, choose.random()) for _ in range(4)]
    for submitter in submitters:
        submitter.start()
    try:
        for _ in range(KILLS):
            time.sleep(choose.uniform(0.0, 0.6))
            daemon.kill()
            daemon.start()
    finally:
        for submitter in submitters:
            submitter.stop.set()
        for submitter in submitters:
            submitter.join()

    acknowledged = {job: words for submitter in submitters for job, words in submitter.acknowledged.items()}
    assert len(acknowledged) == sum(len(submitter.acknowledged) for submitter in submitters)
    assert len(acknowledged) > KILLS, "there was load"
    for job_id, words in acknowledged.items():
        job = daemon.ended(job_id, seconds=120)
        assert job["status"] == "completed" and job["output"] == words, job
        events = daemon.events(job_id)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert [event["type"] for event in events].count("created") == 1
        ends = [event["type"] for event in events if event["type"] in ENDED]
        assert ends == ["completed"] and events[-1]["type"] == "completed"
    print(f"{len(acknowledged)} jobs, {KILLS} kills")
