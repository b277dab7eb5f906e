# SPDX-License-Identifier: MIT
"""Jobs that are acknowledged before the trouble begins, and requests that are refused in it."""

import re

WORDS = " ".join(f"word{number}" for number in range(30))


class Scene:
    """One job runs, one follows it, one is held, one is due in a moment."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.running = daemon.submit(prompt=WORDS, params={"tokens_per_second": 20})["job_id"]
        self.follower = daemon.submit(prompt="follower", after=[self.running])["job_id"]
        self.held = daemon.submit(prompt="held", hold=True)["job_id"]
        self.delayed = daemon.submit(prompt="delayed", delay_seconds=1)["job_id"]
        daemon.until(self.running, lambda job: job["progress"] > 0)

    def check_waiting(self, others=()):
        """Reading goes on, what was acknowledged is as it was, and nothing else is there."""
        jobs = {job["job_id"]: job["status"] for job in self.daemon.get("/api/jobs?limit=500").json()["jobs"]}
        assert [jobs.pop(each) for each in (self.running, self.follower, self.held, self.delayed)] == [
            "processing", "pending", "held", "pending"]
        assert set(jobs) == set(others)

    def check_ends(self, starts=1):
        """All go on to their end; the running one was started so many times."""
        assert self.daemon.request("POST", f"/api/jobs/{self.held}/release").status == 200
        expected = {self.running: WORDS, self.follower: "follower", self.held: "held",
                    self.delayed: "delayed"}
        for job_id, output in expected.items():
            job = self.daemon.ended(job_id)
            assert job["status"] == "completed" and job["output"] == output and job["attempt"] == 1, job
        events = self.daemon.events(self.running)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert [event["type"] for event in events].count("started") == starts, events


def submit_with_key(daemon, key, **job):
    return daemon.request("POST", "/api/jobs", {"prompt": "again", **job}, {"Idempotency-Key": key})


def check_refusal(answer, status, sentence):
    """A problem document that says in a sentence what is the matter."""
    assert answer.status == status, answer.body
    problem = answer.json()
    assert problem["status"] == status and re.search(sentence, problem["detail"]), problem


def check_accepted_once(daemon, key, **job):
    """A submit that got no good answer is repeated: that gives one job, which completes."""
    first = submit_with_key(daemon, key, **job)
    assert first.status in (200, 201), first.body
    again = submit_with_key(daemon, key, **job)
    assert again.status == 200 and again.json()["job_id"] == first.json()["job_id"]
    assert daemon.ended(first.json()["job_id"])["output"] == "again"
